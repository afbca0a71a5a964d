namespace Federated.DaprSidecar.Broker;

/// <summary>Topics with consumer groups: each group gets each message at least once.</summary>
internal interface IMessageBroker
{
    Task PublishAsync(string topic, ReadOnlyMemory<byte> message, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the group, so that it gets every message from now on, and hands the messages to <paramref name="handler"/>, several at a
    /// time, until the token ends. False from the handler means that the message comes again.
    /// </summary>
    Task ConsumeAsync(
        string topic, string group, Func<ReadOnlyMemory<byte>, CancellationToken, Task<bool>> handler, CancellationToken cancellationToken);
}
