using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.FunctionalTests.EndToEnd;

/// <summary>
/// Devices with error feedback on a real server. Whatever happens to a device, at the end the server's Σ w h is that of the files on the devices, and the updates are a
/// part of dense ones.
/// </summary>
public sealed class CompressionTests
{
    private const int Length = (Digits.Features + 1) * Digits.Outputs;
    private const int DenseBytes = 4 * Length;

    private static readonly object EControl = new { up = "topk:0.05+econtrol" };

    [Fact]
    public async Task Job_WithEControl_LearnsWithAPartOfTheBytesAndBothSidesAgree()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(15, new { cohortSize = 3, deadlineSeconds = 600 }, EControl);

        SessionSummary[] summaries = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(i => federation.RunDeviceAsync($"device-{i}", Digits.SolverFor(i, 3))));

        Assert.All(summaries, summary => Assert.Equal((15, 0, 0), (summary.Trained, summary.Discarded, summary.Failed)));
        JsonNode[] metrics = [.. (await federation.GetAsync("/metrics"))["items"]!.AsArray().Select(item => item!)];
        Assert.True((double)metrics.Last(item => (string)item["kind"]! == "evaluate")["accuracy"]! > 0.85);
        long[] bytes = [.. metrics.Where(item => (string)item["kind"]! == "train").OrderBy(item => (int)item["round"]!).Select(item => (long)item["bytesUp"]!)];
        Assert.True(bytes[0] > 3 * DenseBytes, "The first updates are dense.");
        Assert.All(bytes[1..], sent => Assert.InRange(sent, 1, 3 * DenseBytes / 4));
        await AssertBothSidesAgreeAsync(federation, ["device-0", "device-1", "device-2"]);
    }

    [Fact]
    public async Task Job_CompressedBothWays_TellsEveryFigureOfEveryClientAndRound()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(
            6, new { cohortSize = 2, deadlineSeconds = 600 }, new { up = "topk:0.05+econtrol", down = "q8" });
        var seen = new ConcurrentQueue<DeviceEvent>();

        await Task.WhenAll(
            federation.RunDeviceAsync("device-0", Digits.SolverFor(0, 2), happened: what => Keep(what, seen)),
            federation.RunDeviceAsync("device-1", Digits.SolverFor(1, 2), happened: what => Keep(what, seen)));

        JsonNode[] rounds = [.. (await federation.GetAsync("/metrics"))["items"]!.AsArray().Select(item => item!).Where(item => (string)item["kind"]! == "train")];
        Assert.Equal(6, rounds.Length);
        Assert.All(rounds, round => Assert.True((double)round["downError"]! > 0));
        foreach (JsonNode round in rounds)
        {
            JsonNode[] tasks = [.. (await federation.GetAsync($"/rounds/{round["round"]}/assignments"))["items"]!.AsArray().Select(item => item!)];
            DeviceEvent[] told = [.. seen.Where(what => what.Round == (int)round["round"]!)];
            Assert.Equal(2, tasks.Length);
            Assert.Equal(told.Select(what => (what.Contraction, what.ErrorNorm, what.BytesDone, what.Saturated)).Order(),
                tasks.Select(task => ((double)task["contraction"]!, (double)task["errorNorm"]!, (long)task["bytes"]!, (long)task["saturated"]!)).Order());
            Assert.Equal((long)round["bytesUp"]!, tasks.Sum(task => (long)task["bytes"]!));
            Assert.Equal((long)round["bytesDown"]!, tasks.Sum(task => (long)task["bytesDown"]!));
        }

        // The first message is dense.
        DeviceEvent[] last = [.. seen.Where(what => what.Round == 6)];
        Assert.All(seen.Where(what => what.Round == 1), what => Assert.Equal((1, 0), (what.Contraction, what.ErrorNorm)));
        Assert.All(last, what => Assert.InRange(what.Contraction, 0.01, 0.999));
        Assert.All(last, what => Assert.InRange(what.BytesDone, 1, what.BytesTotal - 1));

        static void Keep(DeviceEvent what, ConcurrentQueue<DeviceEvent> seen)
        {
            if (what.Kind == DeviceEventKind.Compressed)
            {
                seen.Enqueue(what);
            }
        }
    }

    [Fact]
    public async Task Device_WithACompressorOfItsOwn_SendsFewerBytesAndBothSidesAgree()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(5, new { cohortSize = 2, deadlineSeconds = 600 }, EControl);
        var sent = new ConcurrentDictionary<string, long>();

        SessionSummary[] summaries = await Task.WhenAll(
            federation.RunDeviceAsync("job's", Digits.SolverFor(0, 2), happened: what => Last("job's", what)),
            federation.RunDeviceAsync("own", Digits.SolverFor(1, 2), happened: what => Last("own", what), compression: "topk:0.01+q8"));

        Assert.All(summaries, summary => Assert.Equal((5, 0, 0), (summary.Trained, summary.Discarded, summary.Failed)));
        Assert.True(sent["own"] < sent["job's"] / 2, $"{sent["own"]} {sent["job's"]}");
        await AssertBothSidesAgreeAsync(federation, ["job's", "own"]);

        void Last(string device, DeviceEvent what)
        {
            if (what.Kind == DeviceEventKind.Compressed)
            {
                sent[device] = what.BytesDone;
            }
        }
    }

    [Fact]
    public async Task Job_WithEControlUnderFlag_LearnsDespiteAttackersAndTheServerHasEveryEstimate()
    {
        const int Devices = 7, Attackers = 2;
        await using DigitsFederation federation = await DigitsFederation.StartAsync(
            12, new { cohortSize = Devices, deadlineSeconds = 600 }, EControl, new { rule = "nnm+flag", byzantine = Attackers }, evaluateEvery: 12);

        SessionSummary[] summaries = await Task.WhenAll(Enumerable.Range(0, Devices).Select(i =>
        {
            ILocalSolver honest = Digits.SolverFor(i, Devices);
            return federation.RunDeviceAsync($"device-{i}", i < Attackers ? new ReversingSolver(honest) : honest);
        }));

        Assert.All(summaries, summary => Assert.Equal((12, 0, 0), (summary.Trained, summary.Discarded, summary.Failed)));
        JsonNode job = await federation.GetAsync("");
        Assert.Equal("completed", (string)job["status"]!);
        JsonNode evaluation = (await federation.GetAsync("/metrics"))["items"]!.AsArray().Last(item => (string)item!["kind"]! == "evaluate")!;
        Assert.True((double)evaluation["accuracy"]! > 0.8, evaluation.ToJsonString());
        Assert.Equal(12 * Devices, (await federation.GetAsync("/trust?limit=1000"))["items"]!.AsArray().Count);
        byte[] state = await federation.AlgorithmStateAsync((int)job["currentVersion"]!);
        float[][] kept = [.. Part<uint>(state, "clients").Select(client => Part<float>(state, FormattableString.Invariant($"h {client}")))];
        float[][] onDevices = [.. Enumerable.Range(0, Devices).Select(i => ReadState(federation.FolderOf($"device-{i}")).Estimate)];
        Assert.Equal(onDevices.OrderBy(estimate => estimate[0]).ThenBy(estimate => estimate[^1]), kept.OrderBy(estimate => estimate[0]).ThenBy(estimate => estimate[^1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_KilledBetweenUploadAndAnswer_BothSidesAgree(bool forgetsThatItIsStored)
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(
            12, new { cohortSize = 2, minimumToClose = 1, deadlineSeconds = 600, selectionSeconds = 600 }, EControl);
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(federation.Limit);
        Task<SessionSummary> sound = federation.RunDeviceAsync("sound", Digits.SolverFor(0, 2));
        Task<SessionSummary> killed = federation.RunDeviceAsync("killed", Digits.SolverFor(1, 2), kill.Token, what =>
        {
            if (what is { Kind: DeviceEventKind.Stored, Round: 4 })
            {
                kill.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => killed);
        if (forgetsThatItIsStored)
        {
            // As if the answer had been lost: the device sends the same bytes once more.
            foreach (string stored in Directory.GetFiles(Path.Combine(federation.FolderOf("killed"), "pending"), "*.stored"))
            {
                File.Move(stored, Path.ChangeExtension(stored, ".update"));
            }
        }

        SessionSummary after = await federation.RunDeviceAsync("killed", Digits.SolverFor(1, 2));
        await sound;

        Assert.Equal(0, after.Failed);
        Assert.True(after.Counted > after.Trained || after.Discarded == 0);
        Assert.DoesNotContain(await FailureKindsAsync(federation), kind => kind == "state-lost");
        await AssertBothSidesAgreeAsync(federation, ["sound", "killed"]);
    }

    [Fact]
    public async Task Device_ThatLostItsStateFile_SaysSoAndEverybodyBeginsAnew()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(
            12, new { cohortSize = 2, minimumToClose = 1, deadlineSeconds = 600, selectionSeconds = 600 }, EControl);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(federation.Limit);
        Task<SessionSummary> sound = federation.RunDeviceAsync("sound", Digits.SolverFor(0, 2));
        Task<SessionSummary> forgetful = federation.RunDeviceAsync("forgetful", Digits.SolverFor(1, 2), stop.Token, what =>
        {
            if (what is { Kind: DeviceEventKind.Counted, Round: 3 })
            {
                stop.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => forgetful);
        Directory.Delete(Path.Combine(federation.FolderOf("forgetful"), "state"), recursive: true);

        SessionSummary after = await federation.RunDeviceAsync("forgetful", Digits.SolverFor(1, 2));
        await sound;

        Assert.Equal(1, after.Failed);
        Assert.Contains("state-lost", await FailureKindsAsync(federation));
        await AssertBothSidesAgreeAsync(federation, ["sound", "forgetful"]);
    }

    private static async Task<string[]> FailureKindsAsync(DigitsFederation federation) =>
        [.. (await federation.GetAsync("/failures"))["items"]!.AsArray().Select(item => (string)item!["kind"]!)];

    [Fact]
    public async Task Job_WithEControlUnderAMaskThatChanges_BothSidesAgree()
    {
        // Two of three devices a round, so that each misses changes of the mask; one is started anew in between and goes on from its file.
        await using DigitsFederation federation = await DigitsFederation.StartAsync(
            24, new { cohortSize = 2, deadlineSeconds = 600 }, new { up = "topk:0.2+econtrol" }, new { weighting = "uniform" },
            pruning: new { method = "fedtiny", density = 0.25, candidates = 1, alpha = 1, adjustEvery = 2, stopAdjusting = 24, blocks = 1 });
        using var first = CancellationTokenSource.CreateLinkedTokenSource(federation.Limit);
        int counted = 0;
        // While it is not there, the others stand: a round takes them less time than its start.
        using var isThere = new ManualResetEventSlim();
        bool isReady = false;
        Task others = Task.WhenAll(Enumerable.Range(0, 2).Select(i => federation.RunDeviceAsync($"device-{i}", Digits.SolverFor(i, 3), happened: what =>
        {
            if (what.Kind == DeviceEventKind.Working)
            {
                isThere.Wait(federation.Limit);
            }
        })));
        Task<SessionSummary> stopped = federation.RunDeviceAsync("device-2", Digits.SolverFor(2, 3), first.Token, happened: what =>
        {
            isReady |= what.Kind == DeviceEventKind.Ready;
            if (what.Kind == DeviceEventKind.Counted && ++counted == 3)
            {
                isReady = false;
                isThere.Reset();
                first.Cancel();
            }
        });
        await UntilOneWaitsAsync(federation, () => isReady);
        isThere.Set();
        await Record.ExceptionAsync(() => stopped);

        Task<SessionSummary> goesOn = federation.RunDeviceAsync("device-2", Digits.SolverFor(2, 3), happened: what => isReady |= what.Kind == DeviceEventKind.Ready);
        await UntilOneWaitsAsync(federation, () => isReady);
        isThere.Set();
        SessionSummary again = await goesOn;
        await others;

        JsonNode job = await federation.GetAsync("");
        Assert.Equal("completed", (string)job["status"]!);
        Assert.True(counted >= 3 && again.Trained > 0);
        Assert.Equal(0, again.Failed);
        ModelContent model = await federation.ModelAsync((int)job["currentVersion"]!);
        ModelMask mask = model.Mask!;
        Assert.True(mask.Epoch > 5, $"{mask.Epoch}");
        byte[] state = await federation.AlgorithmStateAsync((int)job["currentVersion"]!);
        double[] sum = Part<double>(state, "sum");
        double[] weights = Part<double>(state, "client weights");
        uint[] rounds = Part<uint>(state, "client rounds"), regrown = Part<uint>(Part<byte>(state, "inner"), "regrown");
        Assert.Equal((mask.PackedCount, mask.PackedCount, 3), (sum.Length, regrown.Length, rounds.Length));

        // What a device holds, carried to the present mask as its next task would: by index, without what has been dropped since.
        double[] expected = new double[sum.Length];
        List<float> seen = [];
        for (int device = 0; device < 3; device++)
        {
            float[] values = ReadValues(federation.FolderOf($"device-{device}"));
            byte[] bytes = MemoryMarshal.AsBytes(values.AsSpan(2))[..BitConverter.SingleToInt32Bits(values[1])].ToArray();
            var from = ModelMask.Parse(model.Schema, bytes);
            float[] estimate = MaskRemap.Between(from, mask).Map<float>(values.AsSpan()[^from.PackedCount..]);
            double weight = weights[WeightOf(values[0], rounds)];
            for (int i = 0; i < sum.Length; i++)
            {
                expected[i] += regrown[i] > 0 && regrown[i] >= values[0] ? 0 : weight * estimate[i];
            }

            seen.Add(values[0]);
        }

        Assert.Equal(rounds.Select(round => (float)round).Order(), seen.Order());
        double scale = 1e-4 * expected.Max(Math.Abs);
        Assert.All(expected.Zip(sum), pair => Assert.Equal(pair.First, pair.Second, scale));
    }

    /// <summary>Waits until a device has checked in and has no task, and another condition holds.</summary>
    private static Task UntilOneWaitsAsync(DigitsFederation federation, Func<bool> condition) =>
        Poll.UntilAsync(async () => condition() && (int?)(await federation.GetAsync(""))["progress"]?["waiting"] >= 1, federation.Limit);

    private static async Task AssertBothSidesAgreeAsync(DigitsFederation federation, string[] devices)
    {
        JsonNode job = await federation.GetAsync("");
        Assert.Equal("completed", (string)job["status"]!);
        byte[] state = await federation.AlgorithmStateAsync((int)job["currentVersion"]!);
        double[] sum = Part<double>(state, "sum");
        double[] weights = Part<double>(state, "client weights");
        uint[] rounds = Part<uint>(state, "client rounds");

        (float Round, float[] Estimate)[] files = [.. devices.Select(device => ReadState(federation.FolderOf(device)))];
        Assert.Equal(rounds.Select(round => (float)round).Order(), files.Select(file => file.Round).Order());
        double[] expected = [.. Enumerable.Range(0, Length).Select(i => files.Sum(file => weights[WeightOf(file.Round, rounds)] * file.Estimate[i]))];

        // Two clients of the same round have weights that differ by one example at most.
        double scale = 1e-4 * expected.Max(Math.Abs) + (rounds.Distinct().Count() < rounds.Length ? files.Max(file => file.Estimate.Max(Math.Abs)) : 0);
        for (int i = 0; i < Length; i++)
        {
            Assert.Equal(expected[i], sum[i], scale);
        }
    }

    private static int WeightOf(float round, uint[] rounds) => Array.IndexOf(rounds, (uint)round);

    /// <summary>The memory in a device's state file: the round, e, h.</summary>
    private static (float Round, float[] Estimate) ReadState(string folder)
    {
        float[] values = ReadValues(folder);
        Assert.Equal(1 + (2 * Length), values.Length);
        return (values[0], values[(1 + Length)..]);
    }

    private static float[] ReadValues(string folder)
    {
        byte[] file = File.ReadAllBytes(Assert.Single(Directory.GetFiles(Path.Combine(folder, "state"), "*.state")));
        return MemoryMarshal.Cast<byte, float>(file.AsSpan(16, 4 * BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12)))).ToArray();
    }

    /// <summary>A part of the algorithm's state: name (16), length (8), bytes; behind a header of 24 bytes.</summary>
    private static T[] Part<T>(ReadOnlySpan<byte> state, string name)
        where T : unmanaged
    {
        for (ReadOnlySpan<byte> rest = state[24..]; ;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(rest[16..]);
            if (Encoding.ASCII.GetString(rest[..16]).TrimEnd('\0') == name)
            {
                return MemoryMarshal.Cast<byte, T>(rest.Slice(24, length)).ToArray();
            }

            rest = rest[(24 + length)..];
        }
    }
}
