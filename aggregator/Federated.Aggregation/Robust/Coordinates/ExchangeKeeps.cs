namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>Which results of an exchange are read later.</summary>
internal enum ExchangeKeeps
{
    Both,
    LowOnly,
    HighOnly,
}
