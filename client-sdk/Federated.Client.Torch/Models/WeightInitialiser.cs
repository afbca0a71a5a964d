using Federated.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Models;

/// <summary>
/// Draws initial weights from the counter-based generator: the same seed gives the same model on every machine, whatever was drawn before. Every tensor
/// has a stream of its own, addressed by its place in the model.
/// </summary>
public static class WeightInitialiser
{
    /// <summary>Overwrites the parameters of a module's layers.</summary>
    /// <param name="module">The module; layers other than linear, convolution, embedding, LSTM and normalisation keep what they have.</param>
    /// <param name="seed">The job's seed.</param>
    /// <param name="scheme">The rule for linear and convolution layers.</param>
    public static void Initialise(nn.Module module, ulong seed, InitialisationScheme scheme = InitialisationScheme.FanIn)
    {
        ArgumentNullException.ThrowIfNull(module);
        uint index = 0;
        foreach (nn.Module layer in module.modules().Prepend(module))
        {
            foreach (var (name, parameter) in layer.named_parameters(recurse: false))
            {
                using IDisposable noGrad = no_grad();
                var random = new CounterRandom(seed, RandomPurpose.Initialisation, index++, 0, 0);
                Initialise(layer, name, parameter, scheme, random);
            }
        }
    }

    private static void Initialise(nn.Module layer, string name, Tensor parameter, InitialisationScheme scheme, CounterRandom random)
    {
        bool isBias = name.StartsWith("bias", StringComparison.Ordinal);
        switch (layer)
        {
            case Linear linear:
                Dense(parameter, isBias, linear.in_features, linear.out_features, scheme, random);
                break;
            case Conv2d convolution:
                long area = convolution.weight.shape[2] * convolution.weight.shape[3];
                Dense(parameter, isBias, convolution.weight.shape[1] * area, convolution.weight.shape[0] * area, scheme, random);
                break;
            case Embedding:
                Normal(parameter, 1, random);
                break;
            case LSTM:
                // PyTorch's rule: ±1/√hidden for all, where every tensor has 4·hidden rows.
                Uniform(parameter, 1 / Math.Sqrt(parameter.shape[0] / 4.0), random);
                break;
            case NormBase or GroupNorm or LayerNorm:
                Fill(parameter, isBias ? 0 : 1);
                break;
        }
    }

    private static void Dense(Tensor parameter, bool isBias, long fanIn, long fanOut, InitialisationScheme scheme, CounterRandom random)
    {
        switch (scheme)
        {
            case InitialisationScheme.FanIn:
                Uniform(parameter, 1 / Math.Sqrt(fanIn), random);
                break;
            case var _ when isBias:
                Fill(parameter, 0);
                break;
            case InitialisationScheme.KaimingNormal:
                Normal(parameter, Math.Sqrt(2.0 / fanIn), random);
                break;
            default:
                Uniform(parameter, Math.Sqrt(6.0 / (fanIn + fanOut)), random);
                break;
        }
    }

    private static void Fill(Tensor parameter, double value)
    {
        using Scalar scalar = value;
        parameter.fill_(scalar);
    }

    private static void Uniform(Tensor parameter, double bound, CounterRandom random)
    {
        using Tensor staging = empty(parameter.shape, dtype: ScalarType.Float32);
        random.FillUniform(FlatTensor.Span<float>(staging), -(float)bound, (float)bound);
        parameter.copy_(staging);
    }

    private static void Normal(Tensor parameter, double deviation, CounterRandom random)
    {
        using Tensor staging = empty(parameter.shape, dtype: ScalarType.Float32);
        random.FillGaussian(FlatTensor.Span<float>(staging), 0, deviation);
        parameter.copy_(staging);
    }
}
