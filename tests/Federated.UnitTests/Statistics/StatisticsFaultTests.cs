using System.Runtime.InteropServices;
using Federated.Protocol.Statistics;

namespace Federated.UnitTests.Statistics;

public sealed class StatisticsFaultTests
{
    private static readonly StatisticsShape Shape = new(Features: 2, Labels: 2, Channels: 1);

    public static TheoryData<string, double[], long[], double[]> Impossible() => new()
    {
        { "negative count", [-1, 4, 0, 6, 0, 9], [1, 3], [8, 1, 1] },
        { "more values than examples", [5, 4, 0, 6, 0, 9], [1, 3], [8, 1, 1] },
        { "broken count", [1.5, 4, 1, 6, 1, 9], [1, 3], [8, 1, 1] },
        { "negative squares", [4, 4, 0, 6, -1, 9], [1, 3], [8, 1, 1] },
        { "sum without values", [0, 4, 1, 6, 1, 9], [1, 3], [8, 1, 1] },
        { "squares without values", [0, 4, 0, 6, 1, 9], [1, 3], [8, 1, 1] },
        { "negative variance", [4, 4, 8, 6, 15.9, 9], [1, 3], [8, 1, 1] },
        { "negative label", [4, 4, 0, 6, 0, 9], [-1, 5], [8, 1, 1] },
        { "negative channel count", [4, 4, 0, 6, 0, 9], [1, 3], [-8, 1, 1] },
    };

    [Fact]
    public void Find_SumsOfRealData_FindsNothing()
    {
        // Features {1, 1, 1, 1} and {0, 3, 3, 0}; a channel has more values than there are examples.
        Assert.Null(Find([4, 4, 4, 6, 4, 18], [1, 3], [64, -8, 2]));
        Assert.Null(Find([0, 4, 0, 6, 0, 18], [0, 0], [0, 0, 0]));
    }

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Find_SumsThatNoDataHave_SaysWhat(string what, double[] features, long[] labels, double[] channels)
    {
        string? fault = Find(features, labels, channels);

        Assert.True(fault is not null, what);
        Assert.StartsWith("Section ", fault, StringComparison.Ordinal);
    }

    private static string? Find(double[] features, long[] labels, double[] channels)
    {
        byte[] payload =
        [
            .. MemoryMarshal.AsBytes(features.AsSpan()), .. MemoryMarshal.AsBytes(labels.AsSpan()), .. MemoryMarshal.AsBytes(channels.AsSpan()),
        ];
        return StatisticsFault.Find(Shape.Sections(), payload, examples: 4);
    }
}
