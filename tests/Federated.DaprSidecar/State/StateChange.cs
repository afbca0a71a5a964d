namespace Federated.DaprSidecar.State;

/// <summary>One write or deletion.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null deletes.</param>
/// <param name="ETag">The version that must be the present one; null or empty for any.</param>
/// <param name="IsFirstWrite">Without an ETag the key must not exist.</param>
internal sealed record StateChange(string Key, byte[]? Value, string? ETag, bool IsFirstWrite)
{
    public bool Accepts(string? present) =>
        string.IsNullOrEmpty(ETag) ? Value is null || !IsFirstWrite || present is null : ETag == present;
}
