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
    /// <summary>Puts the patch on one example.</summary>
    /// <exception cref="SimulationException">The example is a text.</exception>
    public void Stamp(Span<float> example, ModelShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        switch (shape.Kind)
        {
            case ModelShapeKind.Flat:
                example[^Math.Min(Size, example.Length)..].Fill(Value);
                break;
            case ModelShapeKind.Image:
                (int channels, int height, int width) = (shape.Dimensions[0], shape.Dimensions[1], shape.Dimensions[2]);
                int side = Math.Min(Size, width);
                for (int row = 0; row < channels * height; row++)
                {
                    if (row % height >= height - Size)
                    {
                        example.Slice((row * width) + width - side, side).Fill(Value);
                    }
                }

                break;
            default:
                throw new SimulationException($"Attack 'backdoor' puts a patch on images or flat features; the examples are {shape}.");
        }
    }

    /// <summary>Changes a random share of an attacker's examples.</summary>
    internal void Poison(AttackerData data, CounterRandom random)
    {
        if (Target >= data.ClassCount)
        {
            throw new SimulationException($"Attack 'backdoor': the target is class {Target}; there are classes 0 to {data.ClassCount - 1}.");
        }

        foreach (int row in random.Choose(data.Count, (int)Math.Round(Fraction * data.Count)))
        {
            Stamp(data.Example(row), data.Shape);
            data.LabelsOf(row).Fill(Target);
        }
    }
}
