using System.Collections.Immutable;

namespace Federated.Protocol.Models;

/// <summary>Where a tensor's bytes stand in a safetensors file, relative to the end of its header.</summary>
internal sealed record SafeTensorsEntry(string Name, string DType, ImmutableArray<long> Shape, long Begin, long End);
