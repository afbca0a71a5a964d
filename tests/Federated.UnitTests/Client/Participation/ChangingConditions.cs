using Federated.Client.Participation;

namespace Federated.UnitTests.Client.Participation;

/// <summary>Conditions that a test sets.</summary>
internal sealed class ChangingConditions(DeviceConditions start) : IDeviceConditions
{
    public event EventHandler? Changed;

    public DeviceConditions Current { get; private set; } = start;

    public void Become(DeviceConditions conditions)
    {
        Current = conditions;
        Changed?.Invoke(this, EventArgs.Empty);
    }
}
