namespace Federated.Coordination.Algorithms;

/// <summary>Parameters of the algorithms whose devices take gradients over large batches; their client halves read them.</summary>
internal static class LargeBatchParameters
{
    public static AlgorithmParameter LargeBatch { get; } =
        new("largeBatch", 0, "a whole number of at least 0", IsWhole, "examples of a large-batch gradient; 0 for all of a client's");

    public static AlgorithmParameter PassSize { get; } =
        new("passSize", 512, "a whole number of at least 0", IsWhole, "most examples that such a gradient takes through the model at once; 0 for all");

    private static bool IsWhole(double value) => value >= 0 && value == Math.Floor(value) && value <= int.MaxValue;
}
