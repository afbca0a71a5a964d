using Federated.Protocol.Jobs;

namespace Federated.Coordination.Algorithms.FedAvg;

/// <summary>
/// The server optimizers of FedOpt (Reddi et al. 2021), as steps along the mean update D: sgd x += lr D; momentum m = b1 m + D, x += lr m;
/// adagrad, adam and yogi x += lr m / (sqrt(v) + tau) with m = b1 m + (1 - b1) D and their own v, which starts at 0.
/// Arithmetic is float64 per element, the moments are kept as float32.
/// </summary>
internal sealed class ServerStep
{
    private readonly string _name;
    private readonly double _rate;
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _tau;
    private readonly bool _biasCorrection;
    private readonly float[] _first;
    private readonly float[] _second;
    private long _steps;

    public ServerStep(ServerOptimizerSettings settings, int parameterCount)
    {
        _name = settings.Name;
        _rate = settings.LearningRate ?? _name switch
        {
            "sgd" or "momentum" => 1,
            "yogi" => 0.01,
            _ => 0.1,
        };
        _beta1 = settings.Momentum ?? (_name is "sgd" or "adagrad" ? 0 : 0.9);
        _beta2 = settings.Beta2;
        _tau = settings.Tau;
        _biasCorrection = settings.BiasCorrection && _name == "adam";
        _first = _name == "sgd" ? [] : new float[parameterCount];
        _second = _name is "sgd" or "momentum" ? [] : new float[parameterCount];
    }

    private string Format => $"fedavg/1/{_name}";

    /// <summary>Moves the parameters by one step.</summary>
    public void Step(Span<float> parameters, ReadOnlySpan<float> delta)
    {
        if (parameters.Length != delta.Length)
        {
            throw new ArgumentException($"The model has {parameters.Length} parameters, the aggregate {delta.Length}.", nameof(delta));
        }

        _steps++;
        double rate = _biasCorrection
            ? _rate * Math.Sqrt(1 - Math.Pow(_beta2, _steps)) / (1 - Math.Pow(_beta1, _steps))
            : _rate;
        for (int i = 0; i < delta.Length; i++)
        {
            parameters[i] = (float)(parameters[i] + (rate * Direction(i, delta[i])));
        }
    }

    /// <summary>The moments; null for sgd, which has none, and before the first step.</summary>
    public AlgorithmState? Save() => _steps == 0 || _first.Length == 0
        ? null
        : new AlgorithmState(Format).With("first", _first).With("second", _second).With("steps", _steps);

    /// <summary>Goes back to saved moments; null for the start.</summary>
    public void Load(AlgorithmState? state)
    {
        if (state is null)
        {
            Array.Clear(_first);
            Array.Clear(_second);
            _steps = 0;
            return;
        }

        if (state.Format != Format)
        {
            throw new InvalidDataException($"The state is '{state.Format}', not '{Format}'.");
        }

        state.Vector("first", _first.Length).CopyTo(_first);
        state.Vector("second", _second.Length).CopyTo(_second);
        _steps = state.Number("steps");
    }

    private double Direction(int i, double d)
    {
        switch (_name)
        {
            case "sgd":
                return d;
            case "momentum":
                return _first[i] = (float)((_beta1 * _first[i]) + d);
            case "adagrad":
                _second[i] = (float)(_second[i] + (d * d));
                break;
            case "adam":
                _second[i] = (float)((_beta2 * _second[i]) + ((1 - _beta2) * d * d));
                break;
            default:
                _second[i] = (float)(_second[i] - ((1 - _beta2) * d * d * Math.Sign(_second[i] - (d * d))));
                break;
        }

        _first[i] = (float)((_beta1 * _first[i]) + ((1 - _beta1) * d));
        return _first[i] / (Math.Sqrt(_second[i]) + _tau);
    }
}
