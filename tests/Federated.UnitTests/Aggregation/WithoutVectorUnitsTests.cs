using System.Diagnostics;
using System.Runtime.Intrinsics;
using Federated.UnitTests.Aggregation.Robust;
using Federated.UnitTests.Aggregation.Robust.Coordinates;
using Federated.UnitTests.Numerics.Compression;
using Federated.UnitTests.Numerics.SharedRandomness;

namespace Federated.UnitTests.Aggregation;

/// <summary>The tests of vectorised code once more in a process whose vector units are switched off.</summary>
public sealed class WithoutVectorUnitsTests
{
    private const string Switch = "DOTNET_EnableHWIntrinsic";

    private static readonly Type[] Kernels =
    [
        typeof(UpdateAccumulatorTests),
        typeof(WeightedMeanTests),
        typeof(ServerOptimizerTests),
        typeof(GramMatrixTests),
        typeof(CoordinateRuleTests),
        typeof(TopKSelectionTests),
        typeof(BitPackingTests),
        typeof(BlockQuantiserTests),
        typeof(ReducedFloatsTests),
        typeof(LowRankTests),
        typeof(GoldenReplayTests),
    ];

    [Fact]
    public async Task ScalarPaths_SameTests_Pass()
    {
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Federated.UnitTests.exe" : "Federated.UnitTests");
        var start = new ProcessStartInfo(
            program, [.. Kernels.Append(typeof(WithoutVectorUnitsTests)).SelectMany(type => new[] { "-class", type.FullName! }), "-method-", $"*.{nameof(ScalarPaths_SameTests_Pass)}"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[Switch] = "0";

        using Process child = Process.Start(start)!;
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(child.ExitCode == 0, output);
        Assert.DoesNotContain("Total: 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Switch_WhenSet_TakesTheVectorUnitsAway()
    {
        if (Environment.GetEnvironmentVariable(Switch) == "0")
        {
            Assert.False(Vector256.IsHardwareAccelerated);
            Assert.False(Vector512.IsHardwareAccelerated);
        }
    }
}
