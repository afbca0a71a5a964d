using System.Globalization;

namespace Federated.Simulation.Models;

/// <summary>What <c>--model</c> takes: a name of the zoo and, for models of several widths, the channels of the first layer behind a colon, such as <c>resnet18:16</c>.</summary>
/// <param name="Family">The name without the width.</param>
/// <param name="Width">Channels of the first layer; null for the model's own.</param>
internal readonly record struct ModelName(string Family, int? Width)
{
    private const int MostChannels = 1024;

    /// <exception cref="ArgumentException">There is no such model, or its width is out of range; the message says what there is.</exception>
    public static ModelName Parse(string name)
    {
        string[] parts = name.Split(':', 2);
        ModelDescription description = ModelZoo.Descriptions.FirstOrDefault(model => model.Name == parts[0])
            ?? throw new ArgumentException($"There is no model '{name}'; there are {string.Join(", ", ModelZoo.Descriptions.Select(model => model.Name))}.", nameof(name));
        if (parts.Length == 1)
        {
            return new ModelName(parts[0], null);
        }

        return description.HasWidths && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int width) && width is > 0 and <= MostChannels
            ? new ModelName(parts[0], width)
            : throw new ArgumentException(
                description.HasWidths
                    ? $"Model '{name}': its width must be a number of channels from 1 to {MostChannels}, such as {parts[0]}:16."
                    : $"Model '{name}': '{parts[0]}' comes in one width only.",
                nameof(name));
    }
}
