using System.Collections.Immutable;

namespace Federated.Client.Sparse;

/// <summary>One layer of a <see cref="SparseArchitecture"/>.</summary>
public sealed record SparseLayer
{
    /// <summary>What it computes.</summary>
    public required SparseLayerKind Kind { get; init; }

    /// <summary>
    /// Where its tensors stand in the model's schema: <c>Name.weight</c>, <c>Name.bias</c>, and for batch norm <c>Name.running_mean</c> and <c>Name.running_var</c>. Empty for layers without
    /// tensors, and for a layer whose tensors are called <c>weight</c> and <c>bias</c> alone.
    /// </summary>
    public string Name { get; init; } = "";

    /// <summary>The layers whose outputs it takes, by index; -1 is the network's input. Default: empty, which means the layer before it. An addition takes two.</summary>
    public ImmutableArray<int> Inputs { get; init; } = [];

    /// <summary>Output channels of a convolution, outputs of a linear layer; 0 for others.</summary>
    public int Outputs { get; init; }

    /// <summary>Side of a convolution's kernel or a pool's window; 0 for others.</summary>
    public int Kernel { get; init; }

    /// <summary>Step of a convolution or a pool. Default: 1.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Zeros around the input of a convolution. Default: 0.</summary>
    public int Padding { get; init; }

    /// <summary>Added to the variance by a batch norm. Default: 1e-5.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>The name of one of its tensors in the model's schema.</summary>
    /// <param name="role">Such as <c>weight</c>.</param>
    public string Tensor(string role) => Name.Length == 0 ? role : $"{Name}.{role}";
}
