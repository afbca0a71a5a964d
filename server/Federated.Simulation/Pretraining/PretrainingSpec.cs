using System.Globalization;

namespace Federated.Simulation.Pretraining;

/// <summary>What a server does to the initial model with public data, as <c>--pretrain</c> writes it.</summary>
/// <param name="Examples">Examples of the training part that are public: the server has them, and no client.</param>
/// <param name="Steps">Steps that it trains the dense model with, by the job's local settings.</param>
public sealed record PretrainingSpec(int Examples, int Steps)
{
    /// <summary>Reads <c>EXAMPLES:STEPS</c>.</summary>
    /// <exception cref="SimulationException">The text is not that.</exception>
    public static PretrainingSpec Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(':') is [var first, var second]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int examples) && examples >= 2
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int steps) && steps >= 1
            ? new PretrainingSpec(examples, steps)
            : throw new SimulationException($"pretrain '{text}': expected at least 2 examples and 1 step, for example 500:150.");
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Examples}:{Steps}");
}
