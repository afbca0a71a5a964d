using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Samples.LanguageModel;

/// <summary>Characters and places embedded, blocks of causal attention, a linear layer that scores the next character at every place.</summary>
internal sealed class CharTransformer : nn.Module<Tensor, Tensor>
{
    private readonly Embedding _tokens;
    private readonly Embedding _places;
    private readonly ModuleList<TransformerBlock> _blocks;
    private readonly LayerNorm _norm;
    private readonly Linear _output;

    /// <param name="vocabulary">Number of characters.</param>
    /// <param name="context">Characters of a window.</param>
    /// <param name="width">Floats a character.</param>
    /// <param name="layers">Blocks.</param>
    public CharTransformer(int vocabulary, int context, int width, int layers)
        : base("chartransformer")
    {
        _tokens = nn.Embedding(vocabulary, width);
        _places = nn.Embedding(context, width);
        _blocks = nn.ModuleList([.. Enumerable.Range(0, layers).Select(_ => new TransformerBlock(width))]);
        _norm = nn.LayerNorm(width);
        _output = nn.Linear(width, vocabulary);
        RegisterComponents();
    }

    /// <summary>Leaves only the norms and the last layer's bias to be moved: some hundred weights, which a few directions a round can turn.</summary>
    public void FreezeAllButNorms()
    {
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            parameter.requires_grad = name.Contains("norm", StringComparison.Ordinal) || name == "_output.bias";
        }
    }

    // Tokens arrive as floats, as all features do.
    public override Tensor forward(Tensor input)
    {
        Tensor ids = input.to(ScalarType.Int64);
        Tensor hidden = _tokens.call(ids) + _places.call(arange(ids.shape[1], device: ids.device));
        foreach (TransformerBlock block in _blocks)
        {
            hidden = block.call(hidden);
        }

        return _output.call(_norm.call(hidden)).flatten(0, 1);
    }
}
