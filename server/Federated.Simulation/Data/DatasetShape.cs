using Federated.Simulation.Models;

namespace Federated.Simulation.Data;

/// <summary>The shape of a data set whose file holds bare numbers.</summary>
internal static class DatasetShape
{
    public static ModelShape For(DatasetRequest request, int features)
    {
        if (request.ImageShape is not { } image)
        {
            return ModelShape.Flat(features);
        }

        return image.FeatureLength == features
            ? image
            : throw new SimulationException($"{request.Source}: a {image} has {image.FeatureLength} numbers, the examples have {features} features.");
    }
}
