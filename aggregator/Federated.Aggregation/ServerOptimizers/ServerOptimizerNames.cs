namespace Federated.Aggregation.ServerOptimizers;

/// <summary>Names of the server optimizers in a job definition.</summary>
public static class ServerOptimizerNames
{
    public const string Sgd = "sgd";
    public const string Momentum = "momentum";
    public const string Adam = "adam";
    public const string Yogi = "yogi";
    public const string Adagrad = "adagrad";

    public static IReadOnlyList<string> All { get; } = [Sgd, Momentum, Adam, Yogi, Adagrad];
}
