namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>What the sidecar is told of a delivery.</summary>
internal enum DeliveryAnswer
{
    /// <summary>Handled, now or before.</summary>
    Success,

    /// <summary>A handler failed: deliver again, and after the last try to the dead-letter topic.</summary>
    Retry,

    /// <summary>Nobody can read it; it goes to the dead-letter topic at once.</summary>
    Drop,
}
