using System.Numerics;

namespace Federated.Aggregation.ServerOptimizers;

/// <summary>
/// FedAdam, FedYogi and FedAdagrad: <c>m ← β1·m + (1−β1)·Δ; v ← second moment; x ← x + η·m / (√v + τ)</c>. They differ in v:
/// Adam <c>β2·v + (1−β2)·Δ²</c>, Yogi <c>v − (1−β2)·Δ²·sign(v − Δ²)</c>, Adagrad <c>v + Δ²</c>.
/// </summary>
/// <remarks>
/// Bias correction (Kingma and Ba, arXiv:1412.6980) scales η by √(1−β2^t) / (1−β1^t) with t the number of this step from 1;
/// Flower raises to t + 1 instead, so its first steps differ. FedOpt has none.
/// </remarks>
internal sealed class AdaptiveServerOptimizer : ServerOptimizer
{
    private readonly AdaptiveOptions _options;

    public AdaptiveServerOptimizer(string name, int parameterCount, AdaptiveOptions options)
        : base(name, parameterCount, moments: 2)
    {
        _options = options;
        Moment(1).AsSpan().Fill((float)options.InitialSecondMoment);
    }

    private protected override void Move(Span<float> parameters, ReadOnlySpan<float> delta)
    {
        float rate = (float)Rate();
        float beta1 = (float)_options.Beta1;
        float gain1 = (float)(1 - _options.Beta1);
        float tau = (float)_options.Tau;
        Span<float> first = Moment(0);
        Span<float> second = Moment(1);
        int i = 0;
        for (; i <= delta.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var d = new Vector<float>(delta[i..]);
            Vector<float> m = (new Vector<float>(first[i..]) * beta1) + (d * gain1);
            Vector<float> v = SecondMoment(new Vector<float>(second[i..]), d * d);
            Vector<float> x = new Vector<float>(parameters[i..]) + (m * rate / (Vector.SquareRoot(v) + new Vector<float>(tau)));
            m.CopyTo(first[i..]);
            v.CopyTo(second[i..]);
            x.CopyTo(parameters[i..]);
        }

        for (; i < delta.Length; i++)
        {
            first[i] = (first[i] * beta1) + (delta[i] * gain1);
            second[i] = SecondMoment(new Vector<float>(second[i]), new Vector<float>(delta[i] * delta[i]))[0];
            parameters[i] += first[i] * rate / (MathF.Sqrt(second[i]) + tau);
        }
    }

    private double Rate() => _options is { BiasCorrection: true }
        ? _options.LearningRate * Math.Sqrt(1 - Math.Pow(_options.Beta2, Steps)) / (1 - Math.Pow(_options.Beta1, Steps))
        : _options.LearningRate;

    private Vector<float> SecondMoment(Vector<float> v, Vector<float> square)
    {
        float gain = (float)(1 - _options.Beta2);
        switch (Name)
        {
            case ServerOptimizerNames.Adam:
                return (v * (float)_options.Beta2) + (square * gain);
            case ServerOptimizerNames.Yogi:
                Vector<float> difference = v - square;
                Vector<float> change = square * gain;
                Vector<float> falling = Vector.ConditionalSelect(Vector.GreaterThan(difference, Vector<float>.Zero), v - change, v);
                return Vector.ConditionalSelect(Vector.LessThan(difference, Vector<float>.Zero), v + change, falling);
            default:
                return v + square;
        }
    }
}
