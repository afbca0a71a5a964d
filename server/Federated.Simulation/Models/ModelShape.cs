namespace Federated.Simulation.Models;

/// <summary>What one example of a data set looks like to a model.</summary>
/// <param name="Kind">Flat features, an image or a text.</param>
/// <param name="Dimensions">Features; channels, height, width; or the sequence length.</param>
/// <param name="Vocabulary">Number of tokens of a text; 0 otherwise.</param>
public sealed record ModelShape(ModelShapeKind Kind, IReadOnlyList<int> Dimensions, int Vocabulary = 0)
{
    /// <summary>Floats an example.</summary>
    public int FeatureLength => Dimensions.Aggregate(1, (product, length) => checked(product * length));

    /// <summary>Labels an example: one, or one for each position of a text.</summary>
    public int LabelLength => Kind == ModelShapeKind.Text ? Dimensions[0] : 1;

    public static ModelShape Flat(int features) => new(ModelShapeKind.Flat, [features]);

    public static ModelShape Image(int channels, int height, int width) => new(ModelShapeKind.Image, [channels, height, width]);

    public static ModelShape Text(int length, int vocabulary) => new(ModelShapeKind.Text, [length], vocabulary);

    public override string ToString() => Kind switch
    {
        ModelShapeKind.Flat => $"{Dimensions[0]} features",
        ModelShapeKind.Image => $"images of {Dimensions[0]}×{Dimensions[1]}×{Dimensions[2]}",
        _ => $"texts of {Dimensions[0]} tokens out of {Vocabulary}",
    };
}
