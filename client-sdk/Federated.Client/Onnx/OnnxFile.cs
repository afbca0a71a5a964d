using Federated.Client.Sparse;
using Federated.Protocol.Models;
using Federated.Protocol.Onnx.Schema;
using Federated.Protocol.Pruning;
using Google.Protobuf;

namespace Federated.Client.Onnx;

/// <summary>
/// A model as an ONNX file: opset 17 of the standard operators, IR version 8. The graph takes <c>input</c> of [batch, channels, height, width] or [batch, features] (float32,
/// scaled as in training) and gives <c>scores</c> of [batch, outputs] (logits); tensors keep their names of the model schema.
/// </summary>
public static class OnnxFile
{
    /// <summary>Version of the operators.</summary>
    public const int Opset = 17;

    /// <summary>Version of the format.</summary>
    public const int IrVersion = 8;

    /// <summary>Name of the graph's input.</summary>
    public const string Input = "input";

    /// <summary>Name of the graph's output.</summary>
    public const string Scores = "scores";

    // Protocol buffers end at 2 GiB; a file needs some of it for its graph.
    private const long MostTensorBytes = int.MaxValue - (16L << 20);

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="architecture">Its layers, with their batch norms.</param>
    /// <param name="mask">
    /// The mask of a pruned model: its layers are written as sparse initializers where that takes less room (12 bytes an active element instead of 4 an element).
    /// Null writes every tensor dense, which every reader of ONNX takes.
    /// </param>
    /// <exception cref="ArgumentException">The model is too large for ONNX, or the layers are not of this model.</exception>
    public static byte[] Write(ModelContent model, SparseArchitecture architecture, ModelMask? mask = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(architecture);
        if (4L * (model.Parameters.LongLength + model.Statistics.LongLength) > MostTensorBytes)
        {
            throw new ArgumentException($"The model has {model.Schema.ParameterCount} parameters; an ONNX file has room for {MostTensorBytes / 4}.", nameof(model));
        }

        var file = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "Federated",
            ProducerVersion = typeof(OnnxFile).Assembly.GetName().Version?.ToString(3) ?? "",
            Graph = new OnnxGraphBuilder(model, architecture, mask).Build(),
        };
        file.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        file.MetadataProps.Add(new StringStringEntryProto { Key = "federated.architecture", Value = model.Schema.Architecture });
        file.MetadataProps.Add(new StringStringEntryProto { Key = "federated.schema-hash", Value = model.Schema.HashText });
        return file.ToByteArray();
    }
}
