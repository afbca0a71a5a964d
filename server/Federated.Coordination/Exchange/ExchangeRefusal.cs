namespace Federated.Coordination.Exchange;

/// <summary>Why a call to an exchange is refused for good: trying again with the same content gives the same answer. Nothing has changed.</summary>
/// <param name="Kind">A stable kind of <see cref="Federated.Protocol.ErrorKinds"/>.</param>
/// <param name="Message">One sentence with the number that is wrong.</param>
public sealed record ExchangeRefusal(string Kind, string Message);
