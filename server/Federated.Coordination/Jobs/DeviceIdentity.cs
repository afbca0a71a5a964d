using System.IO.Hashing;
using System.Text;

namespace Federated.Coordination.Jobs;

/// <summary>A device that has proved who it is.</summary>
/// <param name="TenantId">Its tenant.</param>
/// <param name="DeviceId">Its id within the tenant.</param>
public readonly record struct DeviceIdentity(string TenantId, string DeviceId)
{
    /// <summary>Stands for the device in the addressing of random draws: the same in every round and after every restart.</summary>
    public uint ClientIndex => XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(DeviceId));
}
