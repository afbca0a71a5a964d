using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Federated.Benchmarks.Framework;

/// <summary>What the figures were measured on.</summary>
internal static class MachineDescription
{
    public static string InstructionSet =>
        Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : Sse2.IsSupported ? "SSE2" : AdvSimd.IsSupported ? "AdvSimd" : "scalar";

    public static string Text =>
        $"{Environment.ProcessorCount} cores, {InstructionSet}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
}
