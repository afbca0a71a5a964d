namespace Federated.DaprSidecar.Delivery;

/// <summary>What the app said to a delivery.</summary>
internal enum DeliveryStatus
{
    /// <summary>It is done.</summary>
    Success,

    /// <summary>It wants the message again, or could not be asked.</summary>
    Retry,

    /// <summary>It never wants it again.</summary>
    Drop,
}
