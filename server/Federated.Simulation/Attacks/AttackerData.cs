using Federated.Simulation.Models;

namespace Federated.Simulation.Attacks;

/// <summary>The labels of an attacker's copies of its examples, to be changed.</summary>
/// <param name="Labels">Row-major.</param>
/// <param name="Shape">Shape of an example.</param>
/// <param name="ClassCount">Number of classes.</param>
public sealed record AttackerData(Memory<int> Labels, ModelShape Shape, int ClassCount)
{
    /// <summary>Number of examples.</summary>
    public int Count => Labels.Length / Shape.LabelLength;

    /// <summary>The labels of one example.</summary>
    public Span<int> LabelsOf(int row) => Labels.Span.Slice(row * Shape.LabelLength, Shape.LabelLength);
}
