namespace Federated.Simulation.Devices;

/// <summary>What becomes of one task on one device, which is known before it is trained.</summary>
/// <param name="Steps">Local steps that the device does.</param>
/// <param name="Ends">Simulated second at which the update arrives, or at which the device is lost.</param>
/// <param name="Lost">Why nothing arrives; null when the update does.</param>
internal readonly record struct DeviceTask(int Steps, double Ends, string? Lost);
