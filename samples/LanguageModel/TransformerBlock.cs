using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Samples.LanguageModel;

/// <summary>Causal attention of four heads and a network of two layers, each behind a norm and added to what came in.</summary>
internal sealed class TransformerBlock : nn.Module<Tensor, Tensor>
{
    private const int Heads = 4;

    private readonly LayerNorm _norm1;
    private readonly Linear _attend;
    private readonly Linear _project;
    private readonly LayerNorm _norm2;
    private readonly Linear _widen;
    private readonly Linear _narrow;

    public TransformerBlock(int width)
        : base("block")
    {
        _norm1 = nn.LayerNorm(width);
        _attend = nn.Linear(width, 3 * width);
        _project = nn.Linear(width, width);
        _norm2 = nn.LayerNorm(width);
        _widen = nn.Linear(width, 4 * width);
        _narrow = nn.Linear(4 * width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        long rows = input.shape[0], length = input.shape[1], width = input.shape[2];
        Tensor all = _attend.call(_norm1.call(input)).view(rows, length, 3, Heads, width / Heads).permute(2, 0, 3, 1, 4);
        Tensor attended = nn.functional.scaled_dot_product_attention(all[0], all[1], all[2], is_casual: true);
        Tensor hidden = input + _project.call(attended.transpose(1, 2).reshape(rows, length, width));
        return hidden + _narrow.call(nn.functional.relu(_widen.call(_norm2.call(hidden))));
    }
}
