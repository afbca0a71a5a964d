using System.Diagnostics;
using System.Globalization;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Files;

const string Help = """
    A device that classifies with a pruned network: no libtorch, and no copy of the weights, which stay in the mapped file.

    EdgeDevice MODEL.fedtiny EXAMPLES.csv

      MODEL.fedtiny  what 'export' or the sample EdgePruning wrote
      EXAMPLES.csv   one example a line: its features, scaled as in training, then its class

    To limit the managed heap to 64 MB, set DOTNET_GCHeapHardLimit=4000000 (hexadecimal).
    """;
if (args is not [string model, string examples])
{
    Console.WriteLine(Help);
    return args.Contains("--help") ? 0 : 2;
}

try
{
    // 1. The network lies over the file: only what the kernels read comes into memory.
    using FedTinyFile file = FedTinyFile.Open(model);
    SparseNetwork network = file.Network;
    var inference = new SparseInference(network);

    // 2. Sixteen examples at a time, so that the data is never in memory as a whole.
    float[] batch = new float[16 * network.InputLength], scores = new float[16 * network.OutputLength];
    int[] labels = new int[16];
    inference.Run(batch, scores); // takes its memory, and is compiled where it is not compiled ahead of time
    int filled = 0, count = 0, correct = 0;
    long ticks = 0;
    void Classify()
    {
        long started = Stopwatch.GetTimestamp();
        inference.Run(batch.AsMemory(0, filled * network.InputLength), scores.AsMemory(0, filled * network.OutputLength));
        ticks += Stopwatch.GetTimestamp() - started;
        for (int i = 0; i < filled; i++)
        {
            ReadOnlySpan<float> row = scores.AsSpan(i * network.OutputLength, network.OutputLength);
            int best = row.Length == 1 ? (row[0] > 0 ? 1 : 0) : row.IndexOf(System.Numerics.Tensors.TensorPrimitives.Max(row));
            correct += best == labels[i] ? 1 : 0;
        }

        count += filled;
        filled = 0;
    }

    foreach (string line in File.ReadLines(examples))
    {
        string[] fields = line.Split(',');
        if (fields.Length != network.InputLength + 1)
        {
            throw new InvalidDataException($"Line {count + filled + 1} of {examples} has {fields.Length} fields; the network takes {network.InputLength} features, and a class follows.");
        }

        for (int i = 0; i < network.InputLength; i++)
        {
            batch[(filled * network.InputLength) + i] = float.Parse(fields[i], CultureInfo.InvariantCulture);
        }

        labels[filled++] = int.Parse(fields[^1], CultureInfo.InvariantCulture);
        if (filled == labels.Length)
        {
            Classify();
        }
    }

    if (filled > 0)
    {
        Classify();
    }

    // 3. What it took.
    GCMemoryInfo memory = GC.GetGCMemoryInfo();
    using Process self = Process.GetCurrentProcess();
    Console.WriteLine(FormattableString.Invariant($"accuracy: {(double)correct / Math.Max(1, count):0.0000} ({correct} of {count})"));
    Console.WriteLine(FormattableString.Invariant($"time: {ticks * 1e6 / Stopwatch.Frequency / Math.Max(1, count):0.0} us an example"));
    Console.WriteLine(FormattableString.Invariant($"network: {network.ActiveCount} active weights, mask epoch {file.MaskEpoch}, {file.Length} bytes mapped"));
    Console.WriteLine(FormattableString.Invariant($"managed: {GC.GetTotalMemory(forceFullCollection: false)} bytes in use, {memory.TotalAvailableMemoryBytes} allowed"));
    Console.WriteLine(FormattableString.Invariant($"resident: {self.WorkingSet64} bytes, {self.PeakWorkingSet64} at most"));
    return 0;
}
catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or FormatException or OverflowException or OutOfMemoryException)
{
    Console.Error.WriteLine($"The device stopped: {e.Message}");
    return 1;
}
