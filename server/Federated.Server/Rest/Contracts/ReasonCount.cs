namespace Federated.Server.Rest.Contracts;

/// <summary>How many tasks do not count for the same reason.</summary>
/// <param name="Reason">The failure's kind where there is one, else the sentence that their devices were told.</param>
/// <param name="Tasks">The tasks.</param>
internal sealed record ReasonCount(string Reason, int Tasks);
