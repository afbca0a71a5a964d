using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>Embeds characters, runs LSTM layers over them, and scores the next character at every position.</summary>
internal sealed class CharLstm : nn.Module<Tensor, Tensor>
{
    private readonly Embedding embedding;
    private readonly LSTM lstm;
    private readonly Linear fc;

    public CharLstm(ModelShape shape, int classes, ModelOptions options)
        : base("charlstm")
    {
        int hidden = options.Hidden ?? 128;
        embedding = nn.Embedding(shape.Vocabulary, options.Embedding);
        lstm = nn.LSTM(options.Embedding, hidden, options.Layers, batchFirst: true);
        fc = nn.Linear(hidden, classes);
        RegisterComponents();
    }

    // Tokens arrive as floats, as all features do.
    public override Tensor forward(Tensor input)
    {
        var (output, _, _) = lstm.call(embedding.call(input.to(ScalarType.Int64)));
        return fc.call(output.flatten(0, 1));
    }
}
