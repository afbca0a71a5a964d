namespace Federated.Coordination.Algorithms;

/// <summary>Names of device roles.</summary>
public static class DeviceRoles
{
    /// <summary>The role of every device in algorithms that know no other.</summary>
    public const string Worker = "worker";
}
