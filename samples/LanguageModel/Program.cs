using System.CommandLine;
using System.Diagnostics;
using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Samples.LanguageModel;

const int Context = 32, Width = 64, Layers = 2, Machines = 4, LogEvery = 25;

var data = new Option<string?>("--data") { Description = "Text in which a speech is a paragraph that begins with 'NAME:', plain or .gz, such as tiny Shakespeare. Default: the bundled first scenes of it", HelpName = "PATH" };
var quick = new Option<bool>("--quick") { Description = "A tenth of the work: under a minute" };
var rounds = new Option<int?>("--rounds") { Description = "Rounds of the exchange. Default: 200 (--quick: 40)", HelpName = "N" };
var probes = new Option<int>("--probes") { Description = "Directions, and bytes, of a machine in a round, 1 to 4095. Default: 16", HelpName = "P", DefaultValueFactory = _ => 16 };
var rate = new Option<double>("--lr") { Description = "Learning rate of the exchange, above 0. Default: 0.3", HelpName = "RATE", DefaultValueFactory = _ => 0.3 };
var steps = new Option<int?>("--steps") { Description = "First-order steps before it. Default: 600 (--quick: 120)", HelpName = "N" };
var wholeModel = new Option<bool>("--all") { Description = "Moves all weights instead of the norms and the last bias: slow, as the number of directions should grow with that of the weights" };
var command = new RootCommand(
    "Trains a small character-level transformer by gradients on one half of a play's speakers, and fine-tunes it on the others over four machines that exchange one byte a gradient and make forward passes only.")
{
    data, quick, steps, rounds, probes, rate, wholeModel,
};
command.SetAction((parsed, stop) =>
{
    try
    {
        string path = parsed.GetValue(data) ?? Path.Combine(AppContext.BaseDirectory, "shakespeare.txt.gz");
        bool isQuick = parsed.GetValue(quick);
        Run(
            Corpus.Read(path, Machines, Context), parsed.GetValue(steps) ?? (isQuick ? 120 : 600), parsed.GetValue(rounds) ?? (isQuick ? 40 : 200),
            parsed.GetValue(probes), parsed.GetValue(rate), parsed.GetValue(wholeModel), stop);
        return Task.FromResult(0);
    }
    catch (OperationCanceledException)
    {
        return Task.FromResult(130);
    }
    catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException or OverflowException)
    {
        Console.Error.WriteLine($"The sample cannot run: {e.Message} Leave --data out for the bundled text.");
        return Task.FromResult(1);
    }
});
return command.Parse(args).Invoke();

static void Run(Corpus corpus, int steps, int rounds, int probes, double rate, bool isWhole, CancellationToken stop)
{
    // 1. The usual way: gradients, on one half of the speakers.
    TorchRuntime.Initialise();
    long started = Stopwatch.GetTimestamp();
    var network = new CharTransformer(corpus.Vocabulary, Context, Width, Layers);
    using TorchObjective trainer = Objective(network, corpus, trains: true);
    WeightInitialiser.Initialise(network, seed: 1);
    float[] parameters = trainer.Module.ToContent().Parameters;
    trainer.Select(corpus.First, Enumerable.Range(0, corpus.First.Count).ToArray());
    Console.WriteLine($"{parameters.Length:N0} parameters, {corpus.Vocabulary} characters; {corpus.First.Count:N0} windows of {Context} for training, {corpus.Shares.Sum(share => share.Length):N0} on {Machines} machines, {corpus.HeldOut.Length:N0} held out");
    FirstOrder.Train(trainer, parameters, steps, rate: 3e-3, (step, loss) => Say(step % 100 == 0 || step == steps, $"  gradients, step {step}/{steps}  loss {loss:0.0000}  {Elapsed(started)}"), stop);

    // 2. One byte per gradient: four machines with the other speakers, forward passes only.
    TorchObjective[] objectives = [.. Enumerable.Range(0, Machines + 2).Select(_ => Objective(Tuned(corpus, isWhole), corpus, trains: false))];
    using var owned = new Owned(objectives);
    TorchObjective judge = objectives[^1];
    ModelSchema schema = judge.Module.Schema;
    var model = new ModelContent(schema, parameters);
    var manifest = new OneByteManifest(schema);
    OneByteSettings settings = OneByteMachine.Seal(
        new OneByteSettings(new byte[16], new byte[32], new byte[32], (long)Math.Round(rate * (1L << 40))) { Directions = checked((ushort)probes), Momentum = 32768 }, manifest, parameters);
    if (settings.Fault() is { } fault)
    {
        throw new ArgumentException(fault);
    }

    judge.Select(corpus.Windows, corpus.HeldOut);
    var fleet = new Fleet(settings, manifest, model);
    for (int m = 0; m < Machines; m++)
    {
        objectives[m].Select(corpus.Windows, corpus.Shares[m]);
        fleet.Join(objectives[m]);
    }

    Evaluation before = fleet.Evaluate(judge, stop);
    Console.WriteLine($"{Machines} machines move {manifest.Elements:N0} weights by {probes} bytes a round each; held-out loss {before.MeanLoss:0.0000}, accuracy {before.Accuracy:0.0000}");
    for (int round = 1; round <= rounds; round++)
    {
        // 3. Half-way a machine joins that has seen nothing: checkpoint and tail, and the same speakers as machine 0.
        if (round == (rounds / 2) + 1)
        {
            objectives[Machines].Select(corpus.Windows, corpus.Shares[0]);
            Console.WriteLine($"  a machine joins before round {round} with {fleet.Join(objectives[Machines]):N0} bytes");
        }

        double loss = fleet.Round(batch: 16, stop);
        if (round % LogEvery == 0 || round == rounds)
        {
            Console.WriteLine($"  one byte, round {round}/{rounds}  measured loss {loss:0.0000}  held-out loss {fleet.Evaluate(judge, stop).MeanLoss:0.0000}  {fleet.Gradients:N0} gradients  {Elapsed(started)}");
        }
    }

    Evaluation after = fleet.Evaluate(judge, stop);
    Console.WriteLine($"held-out loss {before.MeanLoss:0.0000} -> {after.MeanLoss:0.0000}, accuracy {before.Accuracy:0.0000} -> {after.Accuracy:0.0000}");
    Console.WriteLine($"bytes up   one byte {fleet.BytesUp:N0}, of which gradients {fleet.Gradients:N0}");
    Console.WriteLine($"           dense gradients of the {manifest.Elements:N0} weights {4L * manifest.Elements * rounds * Machines:N0}; FedAvg of the whole model {4L * parameters.Length * rounds * Machines:N0} (four machines, {rounds} rounds, float32)");
    Console.WriteLine($"bytes down one byte {fleet.BytesDown:N0}; FedAvg {4L * parameters.Length * rounds * Machines:N0}");
    string[] hashes = [.. fleet.Hashes];
    Console.WriteLine($"states     {hashes.Distinct().Count()} different among {hashes.Length} machines: {hashes[0][..16]}…");
    Console.WriteLine(hashes.Distinct().Count() == 1 ? "The machine that joined half-way holds the same bits as the others." : "The machines differ: that is a bug.");
}

static CharTransformer Tuned(Corpus corpus, bool isWhole)
{
    var network = new CharTransformer(corpus.Vocabulary, Context, Width, Layers);
    if (!isWhole)
    {
        network.FreezeAllButNorms();
    }

    return network;
}

static TorchObjective Objective(CharTransformer network, Corpus corpus, bool trains) =>
    new(new FlatModule(network, architecture: "chartransformer", trains: trains), [Context], corpus.Vocabulary, Context);

static void Say(bool isDue, string line)
{
    if (isDue)
    {
        Console.WriteLine(line);
    }
}

static string Elapsed(long started) => FormattableString.Invariant($"{Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
