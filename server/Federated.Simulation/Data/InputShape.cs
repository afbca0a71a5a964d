namespace Federated.Simulation.Data;

/// <summary>The shape of one example: what a model needs to know to be built.</summary>
/// <param name="Kind">What the numbers are.</param>
/// <param name="Channels">Colour channels of an image; 1 otherwise.</param>
/// <param name="Height">Rows of an image; 1 otherwise.</param>
/// <param name="Width">Columns of an image, features of a vector, tokens of a sequence.</param>
public sealed record InputShape(InputKind Kind, int Channels, int Height, int Width)
{
    /// <summary>Floats of an example.</summary>
    public int Length => checked(Channels * Height * Width);

    public static InputShape Vector(int length) => new(InputKind.Vector, 1, 1, length);

    public static InputShape Image(int channels, int height, int width) => new(InputKind.Image, channels, height, width);

    public static InputShape Tokens(int length) => new(InputKind.Tokens, 1, 1, length);

    /// <inheritdoc />
    public override string ToString() => Kind switch
    {
        InputKind.Image => $"{Channels} x {Height} x {Width} image",
        InputKind.Tokens => $"{Width} characters",
        _ => $"{Width} features",
    };
}
