using System.Globalization;
using Federated.Simulation.Models;

namespace Federated.Simulation.Data.Idx;

/// <summary>Reads the MNIST family. Bytes become 0 to 1.</summary>
internal static class IdxReader
{
    public static LoadedData Read(DatasetRequest request)
    {
        (IdxFiles train, IdxFiles? test) = IdxFiles.Find(request.Source);
        test = request.TestSource is { } source ? IdxFiles.Find(source).Train : test;
        (IdxArray images, IdxArray labels) = ReadPair(train);
        float[] features = images.Values;
        float[] labelValues = labels.Values;
        int trainCount = images.Dimensions[0];
        if (test is not null)
        {
            (IdxArray testImages, IdxArray testLabels) = ReadPair(test);
            if (!testImages.Dimensions.AsSpan(1).SequenceEqual(images.Dimensions.AsSpan(1)))
            {
                throw SimulationException.AtByte(test.Images, 4, $"examples of {ShapeText(testImages)}; the training images are {ShapeText(images)}.");
            }

            features = [.. features, .. testImages.Values];
            labelValues = [.. labelValues, .. testLabels.Values];
        }

        if (images.Type == 0x08)
        {
            Scale(features);
        }

        float[] classes = [.. labelValues.Distinct().Order()];
        int[] codes = new int[labelValues.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = Array.BinarySearch(classes, labelValues[i]);
        }

        return new LoadedData
        {
            Name = Directory.Exists(request.Source) ? Path.GetFileName(Path.GetFullPath(request.Source).TrimEnd(Path.DirectorySeparatorChar)) : DataFile.Stem(request.Source),
            Format = DatasetFormat.Idx,
            Shape = ShapeOf(images),
            Features = features,
            Labels = codes,
            ClassNames = [.. classes.Select(value => value.ToString(CultureInfo.InvariantCulture))],
            TestStart = trainCount,
        };
    }

    private static (IdxArray Images, IdxArray Labels) ReadPair(IdxFiles files)
    {
        IdxArray images = IdxArray.Read(files.Images);
        IdxArray labels = IdxArray.Read(files.Labels);
        if (images.Dimensions.Length < 2)
        {
            throw SimulationException.AtByte(files.Images, 3, "1 dimension; expected 2 to 4 for examples. Is this the labels file?");
        }

        if (labels.Dimensions.Length != 1)
        {
            throw SimulationException.AtByte(files.Labels, 3, $"{labels.Dimensions.Length} dimensions; expected 1 for labels.");
        }

        if (labels.Dimensions[0] != images.Dimensions[0])
        {
            throw SimulationException.AtByte(files.Labels, 4, $"{labels.Dimensions[0]} labels; {files.Images} has {images.Dimensions[0]} examples.");
        }

        int bad = Array.FindIndex(images.Values, value => !float.IsFinite(value));
        return bad < 0
            ? (images, labels)
            : throw new SimulationException($"{files.Images}: element {bad} is not finite.");
    }

    private static ModelShape ShapeOf(IdxArray images) => images.Dimensions switch
    {
        [_, int length] => ModelShape.Flat(length),
        [_, int height, int width] => ModelShape.Image(1, height, width),
        [_, int channels, int height, int width] => ModelShape.Image(channels, height, width),
        _ => throw new InvalidOperationException("An images file has 2 to 4 dimensions."),
    };

    private static string ShapeText(IdxArray images) => string.Join(" x ", images.Dimensions[1..]);

    private static void Scale(float[] features)
    {
        for (int i = 0; i < features.Length; i++)
        {
            features[i] /= 255f;
        }
    }
}
