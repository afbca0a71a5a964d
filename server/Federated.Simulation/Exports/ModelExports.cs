using System.Collections.Immutable;
using Federated.Client.Onnx;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Files;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Simulation.Exports;

/// <summary>Writes a model in the formats of docs/export.md.</summary>
public static class ModelExports
{
    /// <summary>The formats by their names on a command line.</summary>
    public static ImmutableArray<(string Name, ExportFormat Format, string Suffix)> Formats { get; } =
    [
        ("safetensors", ExportFormat.SafeTensors, ".dense.safetensors"),
        ("sparse-safetensors", ExportFormat.SparseSafeTensors, ".sparse.safetensors"),
        ("onnx", ExportFormat.Onnx, ".onnx"),
        ("sparse-onnx", ExportFormat.SparseOnnx, ".sparse.onnx"),
        ("fedtiny", ExportFormat.FedTiny, ".fedtiny"),
    ];

    /// <summary>Whether a format holds the forward pass, which needs the shape of an example.</summary>
    public static bool HoldsLayers(ExportFormat format) => format is ExportFormat.Onnx or ExportFormat.SparseOnnx or ExportFormat.FedTiny;

    /// <summary>Reads a model and its mask: the file's own, or the elements of its weights that are not zero.</summary>
    /// <exception cref="InvalidDataException">The file is no model.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static (ModelContent Model, ModelMask Mask) Read(string path)
    {
        ModelContent model = ModelFile.Read(File.ReadAllBytes(path));
        return (model, model.Mask ?? SparseModelFile.NonZeros(model));
    }

    /// <summary>Writes a pruned model.</summary>
    /// <param name="model">The model; put under the mask.</param>
    /// <param name="mask">Its active elements.</param>
    /// <param name="input">Shape of an example; empty when no format needs it.</param>
    /// <param name="stem">The files' path without the ending.</param>
    /// <param name="formats">What to write.</param>
    /// <exception cref="ArgumentException">The layers of the model are not known or do not take such examples.</exception>
    public static IReadOnlyList<ExportedFile> Write(ModelContent model, ModelMask mask, int[] input, string stem, IEnumerable<ExportFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentNullException.ThrowIfNull(formats);
        ExportFormat[] wanted = [.. formats.Distinct().Order()];

        // What cannot be written is found before anything is.
        SparseArchitecture? layers = wanted.Any(HoldsLayers) ? ZooArchitecture.Of(model.Schema, input) : null;
        model.Use(mask);
        var written = new List<ExportedFile>();
        foreach (ExportFormat format in wanted)
        {
            byte[] file = Bytes(format, model, mask, layers!);
            string path = stem + Formats.Single(known => known.Format == format).Suffix;
            File.WriteAllBytes(path, file);
            written.Add(new ExportedFile(format, path, file.Length));
        }

        return written;
    }

    private static byte[] Bytes(ExportFormat format, ModelContent model, ModelMask mask, SparseArchitecture layers) => format switch
    {
        ExportFormat.SafeTensors => ModelFile.Write(Dense(model)),
        ExportFormat.SparseSafeTensors => SparseModelFile.Write(model, mask),
        ExportFormat.Onnx => OnnxFile.Write(model, layers),
        ExportFormat.SparseOnnx => OnnxFile.Write(model, layers, mask),
        _ => FedTiny(model, mask, layers),
    };

    // A model with a mask would be written packed, which only this platform reads.
    private static ModelContent Dense(ModelContent model) => new(model.Schema, model.Parameters, model.Statistics, model.Counts);

    private static byte[] FedTiny(ModelContent model, ModelMask mask, SparseArchitecture layers)
    {
        var active = new Dictionary<string, ReadOnlyMemory<int>>(StringComparer.Ordinal);
        for (int l = 0; l < mask.Layers.Length; l++)
        {
            active.Add(mask.Layers[l].Name, mask.Active(l).ToArray());
        }

        using var stream = new MemoryStream();
        SparseNetwork network = SparseNetwork.FromModel(layers, model.Schema, model.Parameters, model.Statistics, active);
        FedTinyFile.Write(stream, network.WithoutDeadChannels(), model.Schema);
        return stream.ToArray();
    }
}
