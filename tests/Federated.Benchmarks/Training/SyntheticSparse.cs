using System.Globalization;
using System.Text;
using Federated.Numerics;

namespace Federated.Benchmarks.Training;

/// <summary>A LIBSVM file of the shape of a9a: 123 binary features, 14 of them set, two classes.</summary>
internal static class SyntheticSparse
{
    private const int Features = 123, Set = 14;

    public static string Write(string folder, int count)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "a9a-shaped.libsvm");
        var random = new CounterRandom(1, RandomPurpose.Test, Features, (uint)count);
        var text = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            text.Append(random.NextInt(4) == 0 ? "+1" : "-1");

            // The last feature appears in some line, so that every run has 123.
            foreach (int feature in random.Choose(Features, Set).Order())
            {
                text.Append(CultureInfo.InvariantCulture, $" {feature + 1}:1");
            }

            text.Append('\n');
        }

        File.WriteAllText(path, text.ToString());
        return path;
    }
}
