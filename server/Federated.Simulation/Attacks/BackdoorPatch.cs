using Federated.Numerics;
using Federated.Simulation.Models;

namespace Federated.Simulation.Attacks;

/// <summary>
/// Backdoor by a patch (BadNets; Gu et al. 2017): a square in the lower right corner of an image, or the last features of a flat example, get one value, and
/// the label becomes the target. The model shall answer with the target whenever it sees the patch.
/// </summary>
/// <param name="Target">The class.</param>
/// <param name="Size">Side of the square, or number of features.</param>
/// <param name="Value">The value, in units of the scaled features.</param>
/// <param name="Fraction">Share of an attacker's examples that are changed.</param>
public sealed record BackdoorPatch(int Target, int Size, float Value, double Fraction)
{
    /// <summary>The features that the patch covers, ascending.</summary>
    /// <exception cref="SimulationException">The examples are texts.</exception>
    public int[] PlacesIn(ModelShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        switch (shape.Kind)
        {
            case ModelShapeKind.Flat:
                int covered = Math.Min(Size, shape.FeatureLength);
                return [.. Enumerable.Range(shape.FeatureLength - covered, covered)];
            case ModelShapeKind.Image:
                (int channels, int height, int width) = (shape.Dimensions[0], shape.Dimensions[1], shape.Dimensions[2]);
                int side = Math.Min(Size, width);
                return
                [
                    .. Enumerable.Range(0, channels * height).Where(row => row % height >= height - Size)
                        .SelectMany(row => Enumerable.Range((row * width) + width - side, side)),
                ];
            default:
                throw new SimulationException($"Attack 'backdoor' puts a patch on images or flat features; the examples are {shape}.");
        }
    }

    /// <summary>Gives a random share of an attacker's examples the target as their label.</summary>
    /// <returns>Those that get the patch.</returns>
    internal int[] Poison(AttackerData data, CounterRandom random)
    {
        if (Target >= data.ClassCount)
        {
            throw new SimulationException($"Attack 'backdoor': the target is class {Target}; there are classes 0 to {data.ClassCount - 1}.");
        }

        int[] rows = random.Choose(data.Count, (int)Math.Round(Fraction * data.Count));
        foreach (int row in rows)
        {
            data.LabelsOf(row).Fill(Target);
        }

        return rows;
    }
}
