namespace Federated.Aggregator.Events;

/// <summary>Marks the subscriptions of all event types, so that one list holds them.</summary>
internal interface ISubscription : IAsyncDisposable;
