namespace Federated.FunctionalTests.Server;

/// <summary>Definitions of asynchronous jobs over a small linear model.</summary>
internal static class AnarchicJobs
{
    public const int MaxSteps = 20;
    public const int MaxStaleness = 4;
    public const int Steps = 6;

    public static object Of(string algorithm, int versions, double rate, int features, int outputs, string compression = "none")
    {
        var parameters = new Dictionary<string, double> { ["maxStaleness"] = MaxStaleness };
        if (algorithm != "fedasync")
        {
            parameters["buffer"] = 2;
        }

        if (algorithm == "afa-cs")
        {
            // The mean over those seen: some devices of these tests are never counted.
            parameters["absent"] = 2;
        }

        return new
        {
            name = algorithm,
            linear = new { features, outputs },
            rounds = versions,
            algorithm = new { name = algorithm, parameters },
            local = new { epochs = 0, steps = Steps, learningRate = rate },
            round = new { cohortSize = 8, population = 8, deadlineSeconds = 600 },
            evaluation = new { everyRounds = 0 },
            bounds = new { maxSteps = MaxSteps },
            compression = new { up = compression },
        };
    }
}
