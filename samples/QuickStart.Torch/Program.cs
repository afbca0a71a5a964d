using System.Globalization;
using System.IO.Compression;
using Federated.Client;
using Federated.Client.Sessions;
using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using static TorchSharp.torch;

const string Help = """
    A device of the federation: trains a TorchSharp network (64 - 32 - 10) on its shard of the hand-written digits.

    QuickStart.Torch --init PATH
    QuickStart.Torch --server URL --token T [--shard I/N] [--name NAME] [--data PATH] [--device cpu|cuda|auto]

      --init PATH    writes an initial model (safetensors with its schema) to upload to the server, and ends
      --server URL   base address of the server, such as http://localhost:5000
      --token T      enrolment token, as the server printed it; needed at the first start of a device only
      --shard I/N    use every N-th example, beginning with number I (0 to N-1); default 0/1, all of them
      --name NAME    the device's name and the name of its data folder; default torch-I-N
      --device D     where it trains: cpu, cuda, cuda:N or auto; without CUDA the CPU stands in; default cpu
      --data PATH    CSV without a header, plain or .gz: 64 pixels (0 to 16), then the digit; default the bundled digits
    """;
string? Option(string name) => Array.IndexOf(args, name) is >= 0 and int at && at + 1 < args.Length ? args[at + 1] : null;
if ((Option("--server") ?? Option("--init")) is null || args.Contains("--help"))
{
    Console.WriteLine(Help);
    return args.Contains("--help") ? 0 : 2;
}

TorchRuntime.Initialise();
nn.Module<Tensor, Tensor> network = nn.Sequential(("hidden", nn.Linear(64, 32)), ("relu", nn.ReLU()), ("output", nn.Linear(32, 10)));
Device place = TorchRuntime.SelectDeviceOrCpu(Option("--device") ?? "cpu", out string? notice);
if (notice is not null)
{
    Console.WriteLine(notice);
}

using var objective = new TorchObjective(new FlatModule(network, place, architecture: "quickstart"), [64], classes: 10);
if (Option("--init") is { } target)
{
    WeightInitialiser.Initialise(network, seed: 1);
    File.WriteAllBytes(target, ModelFile.Write(objective.Module.ToContent()));
    return 0;
}

try
{
    int[] shard = [.. (Option("--shard") ?? "0/1").Split('/').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
    using var stop = new CancellationTokenSource();
    Console.CancelKeyPress += (_, e) => stop.Cancel(!(e.Cancel = true));

    // The data: rows of features and a label. They stay here.
    string path = Option("--data") ?? Path.Combine(AppContext.BaseDirectory, "digits.csv.gz");
    using Stream file = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress) : File.OpenRead(path);
    int[][] rows = [.. new StreamReader(file).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where((_, i) => i % shard[1] == shard[0]).Select(line => line.Split(',').Select(field => int.Parse(field, CultureInfo.InvariantCulture)).ToArray())];
    var examples = new ExampleSet(rows.SelectMany(row => row[..64]).Select(pixel => pixel / 16f).ToArray(), 64, rows.Select(row => row[64]).ToArray());
    objective.Select(examples, Enumerable.Range(0, examples.Count).ToArray());

    // The device: enrols, checks in, trains, uploads, until the job ends.
    string name = Option("--name") ?? $"torch-{shard[0]}-{shard[1]}";
    var options = new FederatedClientOptions { Server = new Uri(Option("--server")!), EnrolmentToken = Option("--token"), DisplayName = name };
    options.DataFolder = Path.Combine(options.DataFolder, name);
    var device = new FederatedDevice(options);
    device.Happened += (_, e) => { if (e.Kind is not (DeviceEventKind.Downloading or DeviceEventKind.Uploading)) { Console.WriteLine($"{name}  {e}"); } };
    using var solver = new TorchSolver(objective);
    SessionSummary summary = await device.RunAsync(solver, stop.Token);
    Console.WriteLine($"{name}  {summary.Trained} updates, {summary.Counted} counted, {summary.Evaluated} evaluations, {summary.Failed} failures.");
    return 0;
}
catch (Exception e) when (e is FederatedClientException or OperationCanceledException or IOException or FormatException or IndexOutOfRangeException)
{
    Console.Error.WriteLine($"The device stopped: {e.Message}");
    return 1;
}
