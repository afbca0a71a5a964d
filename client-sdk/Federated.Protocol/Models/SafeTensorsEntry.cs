using System.Collections.Immutable;

namespace Federated.Protocol.Models;

/// <summary>Where a tensor's bytes stand in a safetensors file, relative to the end of its header.</summary>
internal sealed record SafeTensorsEntry(string Name, string DType, ImmutableArray<long> Shape, long Begin, long End)
{
    internal const string Float32 = "F32", Int32 = "I32", Int64 = "I64", Byte = "U8";

    /// <summary>Bytes of an element; 0 for a dtype that is not read.</summary>
    internal static int WidthOf(string dtype) => dtype switch
    {
        Float32 or Int32 => 4,
        Int64 => 8,
        Byte => 1,
        _ => 0,
    };
}
