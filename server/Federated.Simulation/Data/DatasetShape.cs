namespace Federated.Simulation.Data;

/// <summary>The shape of a data set whose file holds bare numbers.</summary>
internal static class DatasetShape
{
    public static InputShape For(DatasetRequest request, int features)
    {
        if (request.ImageShape is not { } image)
        {
            return InputShape.Vector(features);
        }

        return image.Length == features
            ? image
            : throw new SimulationException($"{request.Source}: a {image} has {image.Length} numbers, the examples have {features} features.");
    }
}
