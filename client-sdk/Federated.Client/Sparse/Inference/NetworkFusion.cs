namespace Federated.Client.Sparse.Inference;

/// <summary>Which layers are computed together: a convolution or linear layer takes the addition and the ReLU that alone use its output.</summary>
internal sealed class NetworkFusion
{
    private readonly int[] _user;

    public NetworkFusion(SparseArchitecture architecture)
    {
        int count = architecture.Layers.Length;
        _user = new int[count];
        Residual = new int?[count];
        Relu = new bool[count];
        Owner = [.. Enumerable.Range(0, count)];
        int[] users = NetworkBuilder.CountUsers(architecture);
        for (int i = 0; i < count; i++)
        {
            foreach (int input in architecture.InputsOf(i).Where(input => input >= 0))
            {
                _user[input] = users[input] == 1 ? i : 0;
            }
        }

        for (int i = 0; i < count; i++)
        {
            if (architecture.Layers[i].Kind is SparseLayerKind.Convolution or SparseLayerKind.Linear or SparseLayerKind.BatchNorm or SparseLayerKind.Add && Owner[i] == i)
            {
                Fuse(architecture, i);
            }
        }
    }

    /// <summary>By layer: the value that is added to its output; -1 is the network's input.</summary>
    public int?[] Residual { get; }

    /// <summary>By layer: whether ReLU follows within the same operation.</summary>
    public bool[] Relu { get; }

    /// <summary>By layer: the layer whose operation computes its output.</summary>
    public int[] Owner { get; }

    /// <summary>Zeros that a value needs around it: the largest padding of the convolutions of stride 1 that read it. -1 is the network's input.</summary>
    public int HaloOf(SparseArchitecture architecture, int value)
    {
        int halo = 0;
        for (int i = 0; i < architecture.Layers.Length; i++)
        {
            int input = architecture.InputsOf(i)[0];
            if (architecture.Layers[i] is { Kind: SparseLayerKind.Convolution, Stride: 1 } layer && (input < 0 ? -1 : Owner[input]) == value)
            {
                halo = Math.Max(halo, layer.Padding);
            }
        }

        return halo;
    }

    private void Fuse(SparseArchitecture architecture, int layer)
    {
        int last = layer;
        if (architecture.Layers[layer].Kind != SparseLayerKind.Add && _user[layer] is > 0 and var add && architecture.Layers[add].Kind == SparseLayerKind.Add)
        {
            var inputs = architecture.InputsOf(add);
            int other = inputs[0] == layer ? inputs[1] : inputs[0];

            // The other operand has to be there already when this layer's sums are finished.
            if (other < layer)
            {
                Residual[layer] = other;
                Owner[add] = layer;
                last = add;
            }
        }

        if (_user[last] is > 0 and var relu && architecture.Layers[relu].Kind == SparseLayerKind.Relu)
        {
            Relu[layer] = true;
            Owner[relu] = layer;
        }
    }
}
