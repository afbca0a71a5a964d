namespace Federated.Aggregation.ServerOptimizers;

/// <summary>Makes a server optimizer from a job's settings.</summary>
public static class ServerOptimizerFactory
{
    /// <summary>Makes an optimizer at its first step.</summary>
    /// <param name="name">One of <see cref="ServerOptimizerNames"/>.</param>
    /// <param name="parameterCount">Elements of the parameter vector.</param>
    /// <param name="learningRate">η; null: 1 for sgd and momentum, 0.1 for adam and adagrad, 0.01 for yogi.</param>
    /// <param name="momentum">β1 in [0, 1); null: 0.9 for momentum, adam and yogi, 0 for adagrad. sgd takes none.</param>
    /// <param name="beta2">Decay of the second moment of adam and yogi, in [0, 1).</param>
    /// <param name="tau">Adaptivity of adam, yogi and adagrad, greater than 0.</param>
    /// <param name="biasCorrection">Whether adam divides out the start of its moments.</param>
    /// <param name="initialSecondMoment">v of adam, yogi and adagrad before the first step, at least 0. FedOpt's analysis wants τ² or more.</param>
    /// <exception cref="ArgumentException">The name is unknown or a value is out of range.</exception>
    public static ServerOptimizer Create(
        string name,
        int parameterCount,
        double? learningRate = null,
        double? momentum = null,
        double beta2 = 0.99,
        double tau = 1e-3,
        bool biasCorrection = false,
        double initialSecondMoment = 0)
    {
        (double rate, double beta1) = name switch
        {
            ServerOptimizerNames.Sgd => (1.0, 0.0),
            ServerOptimizerNames.Momentum => (1.0, 0.9),
            ServerOptimizerNames.Adam => (0.1, 0.9),
            ServerOptimizerNames.Yogi => (0.01, 0.9),
            ServerOptimizerNames.Adagrad => (0.1, 0.0),
            _ => throw new ArgumentException($"There is no server optimizer '{name}'. Use one of: {string.Join(", ", ServerOptimizerNames.All)}.", nameof(name)),
        };
        rate = learningRate ?? rate;
        beta1 = momentum ?? beta1;
        Require(name, "learning rate", rate, rate > 0 && double.IsFinite(rate), "greater than 0");
        Require(name, "momentum", beta1, beta1 is >= 0 and < 1, "in [0, 1)");
        Require(name, "beta2", beta2, beta2 is >= 0 and < 1, "in [0, 1)");
        Require(name, "tau", tau, tau > 0 && double.IsFinite(tau), "greater than 0");
        Require(name, "initial second moment", initialSecondMoment, initialSecondMoment >= 0 && double.IsFinite(initialSecondMoment), "at least 0");
        if (name == ServerOptimizerNames.Sgd && beta1 != 0)
        {
            throw new ArgumentException($"Server optimizer 'sgd' has no momentum ({beta1}): use 'momentum'.", nameof(momentum));
        }

        if (name != ServerOptimizerNames.Adam && biasCorrection)
        {
            throw new ArgumentException($"Server optimizer '{name}' has no bias correction: only 'adam' has.", nameof(biasCorrection));
        }

        return name switch
        {
            ServerOptimizerNames.Sgd => new SgdServerOptimizer(parameterCount, rate),
            ServerOptimizerNames.Momentum => new MomentumServerOptimizer(parameterCount, rate, beta1),
            _ => new AdaptiveServerOptimizer(name, parameterCount, new AdaptiveOptions(rate, beta1, beta2, tau, biasCorrection, initialSecondMoment)),
        };
    }

    private static void Require(string name, string what, double value, bool isGood, string range)
    {
        if (!isGood)
        {
            throw new ArgumentException($"Server optimizer '{name}': the {what} is {value}; it must be {range}.");
        }
    }
}
