using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Samples.LanguageModel;

/// <summary>Causal attention of four heads and a network of two layers, each behind a norm and added to what came in.</summary>
internal sealed class TransformerBlock : nn.Module<Tensor, Tensor>
{
    private const int Heads = 4;

    private readonly LayerNorm norm1;
    private readonly Linear attend;
    private readonly Linear project;
    private readonly LayerNorm norm2;
    private readonly Linear widen;
    private readonly Linear narrow;

    public TransformerBlock(int width)
        : base("block")
    {
        norm1 = nn.LayerNorm(width);
        attend = nn.Linear(width, 3 * width);
        project = nn.Linear(width, width);
        norm2 = nn.LayerNorm(width);
        widen = nn.Linear(width, 4 * width);
        narrow = nn.Linear(4 * width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        long rows = input.shape[0], length = input.shape[1], width = input.shape[2];
        Tensor all = attend.call(norm1.call(input)).view(rows, length, 3, Heads, width / Heads).permute(2, 0, 3, 1, 4);
        Tensor attended = nn.functional.scaled_dot_product_attention(all[0], all[1], all[2], is_casual: true);
        Tensor hidden = input + project.call(attended.transpose(1, 2).reshape(rows, length, width));
        return hidden + narrow.call(nn.functional.relu(widen.call(norm2.call(hidden))));
    }
}
