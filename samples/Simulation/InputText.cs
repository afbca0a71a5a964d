using Federated.Simulation;

namespace Federated.Samples.Simulation;

/// <summary>The shape of an example on a command line: N, HxW or CxHxW.</summary>
internal static class InputText
{
    /// <summary>[N] or [channels, height, width].</summary>
    /// <exception cref="SimulationException">The text says something else.</exception>
    public static int[] Parse(string input)
    {
        int[] sizes = [.. input.Split('x').Select(part => int.TryParse(part, out int size) && size is > 0 and <= 65536 ? size : 0)];
        return sizes switch
        {
            [> 0] or [> 0, > 0, > 0] => sizes,
            [> 0, > 0] => [1, .. sizes],
            _ => throw new SimulationException($"input '{input}': expected N, HxW or CxHxW, for example 28x28."),
        };
    }
}
