using System.Security.Cryptography;
using System.Text.Json;
using Federated.Protocol.Models;
using Federated.Simulation;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;
using Federated.UnitTests.Simulation.Engine;

namespace Federated.UnitTests.Simulation.Reports;

public sealed class ResultFolderTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_Result_MakesACompleteFolder()
    {
        SimulationOutcome outcome = Requests.Run(Requests.Digits() with { DropOut = 0.3 }, cancellationToken: TestContext.Current.CancellationToken);
        ResultDocument result = ResultDocuments.Create(outcome, 0.5);

        ResultFolder.Write(_folder.Root, result, outcome.Model);

        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder.Root, "result.json")));
        JsonElement root = json.RootElement;
        Assert.Equal(1, root.GetProperty("version").GetInt32());
        Assert.Equal(outcome.Final!.Value.Accuracy, root.GetProperty("final").GetProperty("accuracy").GetDouble());
        Assert.Equal(3, root.GetProperty("rounds").GetArrayLength());
        Assert.Equal(outcome.Rounds.Sum(round => round.BytesUp), root.GetProperty("bytesUp").GetInt64());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("roundsToTarget").ValueKind);
        Assert.All(root.GetProperty("failures").EnumerateArray(), failure => Assert.NotEmpty(failure.GetProperty("reason").GetString()!));
        Assert.Equal(4, File.ReadAllLines(Path.Combine(_folder.Root, "metrics.csv")).Length);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(_folder.Root, "accuracy.png"))[..4]);

        ModelContent model = ModelFile.Read(File.ReadAllBytes(Path.Combine(_folder.Root, "model.safetensors")));
        byte[] bytes = new byte[4 * model.Parameters.Length];
        Buffer.BlockCopy(model.Parameters, 0, bytes, 0, bytes.Length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), root.GetProperty("final").GetProperty("modelSha256").GetString());
    }

    [Fact]
    public void Write_Report_LoadsNothingFromElsewhere()
    {
        SimulationOutcome outcome = Requests.Run(Requests.Digits(), cancellationToken: TestContext.Current.CancellationToken);
        ResultFolder.Write(_folder.Root, ResultDocuments.Create(outcome, 0), outcome.Model);

        string html = File.ReadAllText(Path.Combine(_folder.Root, "report.html"));

        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhatWasWritten_ComesBack()
    {
        SimulationRequest request = Requests.Digits();
        request.Job.Statistics.Kinds.AddRange(["features", "labels"]);
        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);
        ResultDocument result = ResultDocuments.Create(outcome, 0);
        ResultFolder.Write(_folder.Root, result, outcome.Model);

        ResultDocument read = ResultFolder.Read(_folder.Root);

        Assert.Equal(result.Final, read.Final);
        Assert.Equal(result.Rounds.Select(round => round with { Scores = [], Compression = [], Staleness = [] }), read.Rounds.Select(round => round with { Scores = [], Compression = [], Staleness = [] }));
        Assert.Equal(result.Rounds.SelectMany(round => round.Scores), read.Rounds.SelectMany(round => round.Scores));
        Assert.Equal(result.Settings.Job.Seed, read.Settings.Job.Seed);
        Assert.Equal(result.Statistics[0].Pooled!.ToJsonBytes(), read.Statistics[0].Pooled!.ToJsonBytes());
        Assert.Contains("24 more rows are in result.json.", File.ReadAllText(Path.Combine(_folder.Root, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_TwoResults_WritesTableAndChart()
    {
        SimulationOutcome outcome = Requests.Run(Requests.Digits(), cancellationToken: TestContext.Current.CancellationToken);
        foreach (string name in new[] { "a", "b" })
        {
            ResultFolder.Write(Path.Combine(_folder.Root, name), ResultDocuments.Create(outcome, 0), outcome.Model);
        }

        IReadOnlyList<(string Name, ResultDocument Result)> results = Comparison.Read([Path.Combine(_folder.Root, "a"), Path.Combine(_folder.Root, "b")]);
        Comparison.Write(_folder.Root, results);

        Assert.Equal(["a", "b"], results.Select(result => result.Name));
        Assert.Equal(Comparison.Headings.Count, Comparison.Cells("a", results[0].Result).Length);
        Assert.True(File.Exists(Path.Combine(_folder.Root, "comparison.png")));
        Assert.Contains("<td>b</td>", File.ReadAllText(Path.Combine(_folder.Root, "comparison.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"version\": 7}", "result.json")]
    [InlineData("{ nonsense", "line 1")]
    public void Read_Damaged_NamesTheFile(string text, string expected)
    {
        _folder.Write("result.json", text);

        Assert.Contains(expected, Assert.Throws<SimulationException>(() => ResultFolder.Read(_folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoResult_NamesTheFile() =>
        Assert.Contains("result.json", Assert.Throws<SimulationException>(() => ResultFolder.Read(_folder.Root)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_234_567, "1.23 MB")]
    [InlineData(69_850_000, "69.9 MB")]
    [InlineData(4.2e12, "4.2 TB")]
    public void SizesText_PicksTheUnit(double bytes, string expected) => Assert.Equal(expected, Sizes.Text(bytes));
}
