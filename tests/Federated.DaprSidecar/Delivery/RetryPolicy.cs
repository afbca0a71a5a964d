namespace Federated.DaprSidecar.Delivery;

/// <summary>Dapr's inbound resiliency: a delivery that failed is tried again after a constant time.</summary>
/// <param name="Interval">Time between two tries.</param>
/// <param name="MaxRetries">Tries after the first one; 0 for none, as in Dapr without a resiliency policy, -1 for ever.</param>
public sealed record RetryPolicy(TimeSpan Interval, int MaxRetries);
