using System.Globalization;
using Federated.Protocol.Models;

namespace Federated.Simulation.Models;

/// <summary>Choices inside a model. A model ignores what it has no use for.</summary>
public sealed record ModelOptions
{
    /// <summary>ResNet: <c>norm</c>, <c>batch</c> or <c>group</c>.</summary>
    public NormKind Norm { get; init; } = NormKind.Batch;

    /// <summary>Batch norm: <c>statistics</c>, <c>aggregated</c> or <c>local</c>.</summary>
    public TensorScope Statistics { get; init; } = TensorScope.Aggregated;

    /// <summary>MLP and character LSTM: <c>hidden</c>, the width of the hidden layers; null for the model's own (200; 128).</summary>
    public int? Hidden { get; init; }

    /// <summary>MLP and character LSTM: <c>layers</c>, the number of hidden layers.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Character LSTM: <c>embedding</c>, floats a token.</summary>
    public int Embedding { get; init; } = 8;

    /// <summary>MLP and CNN: <c>dropout</c> before the last layer, 0 to 1 exclusive.</summary>
    public double Dropout { get; init; }

    /// <summary>Reads options by name.</summary>
    /// <exception cref="ArgumentException">A name is unknown or a value out of range; the message says what is allowed.</exception>
    public static ModelOptions Parse(IReadOnlyDictionary<string, string>? options)
    {
        var parsed = new ModelOptions();
        foreach (var (name, value) in options ?? new Dictionary<string, string>())
        {
            parsed = name switch
            {
                "norm" => parsed with { Norm = OneOf<NormKind>(name, value) },
                "statistics" => parsed with { Statistics = OneOf<TensorScope>(name, value) },
                "hidden" => parsed with { Hidden = Count(name, value) },
                "layers" => parsed with { Layers = Count(name, value) },
                "embedding" => parsed with { Embedding = Count(name, value) },
                "dropout" => parsed with { Dropout = Probability(name, value) },
                _ => throw new ArgumentException($"Model option '{name}' is unknown; there are norm, statistics, hidden, layers, embedding, dropout."),
            };
        }

        return parsed;
    }

    private static T OneOf<T>(string name, string value)
        where T : struct, Enum =>
        Enum.TryParse(value, ignoreCase: true, out T parsed) && Enum.IsDefined(parsed)
            ? parsed
            : throw new ArgumentException($"Model option '{name}' is '{value}'; it must be one of {string.Join(", ", Enum.GetNames<T>())}.");

    private static int Count(string name, string value) =>
        int.TryParse(value, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= 65536
            ? count
            : throw new ArgumentException($"Model option '{name}' is '{value}'; it must be a number from 1 to 65536.");

    private static double Probability(string name, string value) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out double probability) && probability is >= 0 and < 1
            ? probability
            : throw new ArgumentException($"Model option '{name}' is '{value}'; it must be a number from 0 to 1, exclusive.");
}
