namespace Federated.Client.Torch.Models;

/// <summary>How the weights of linear and convolution layers are drawn. Biases, normalisation layers and embeddings have one rule each.</summary>
public enum InitialisationScheme
{
    /// <summary>Uniform in ±1/√fan-in, for weights and biases: what PyTorch's layers do by default (LeCun).</summary>
    FanIn = 0,

    /// <summary>Normal with variance 2/fan-in, biases zero (He et al. 2015), for deep networks with ReLU.</summary>
    KaimingNormal = 1,

    /// <summary>Uniform in ±√(6/(fan-in + fan-out)), biases zero (Glorot and Bengio 2010), for tanh.</summary>
    XavierUniform = 2,
}
