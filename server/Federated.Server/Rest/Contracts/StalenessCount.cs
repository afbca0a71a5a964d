namespace Federated.Server.Rest.Contracts;

/// <summary>How many updates were so many versions behind.</summary>
/// <param name="Behind">Versions that were made between the task and the one that counts it.</param>
/// <param name="Updates">Counted updates.</param>
internal sealed record StalenessCount(int Behind, int Updates);
