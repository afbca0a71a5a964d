namespace Federated.DaprSidecar.State;

/// <summary>A stored value and the ETag of this version of it.</summary>
internal sealed record StateEntry(byte[] Value, string ETag);
