using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Simulation.Engine;

/// <summary>
/// What the clients of a data set have found of candidates. Runs that differ in the adjustment of the mask alone begin with the same choice; it is made once, and costs each of them what it would cost alone.
/// </summary>
internal sealed class CandidateChoices
{
    private static readonly PruningSettings Defaults = new();

    private readonly Dictionary<string, Choice> _made = [];

    /// <summary>Gives the model the mask and the statistics that its settings lead to.</summary>
    /// <param name="request">The run.</param>
    /// <param name="model">The initial model; changed in place.</param>
    /// <param name="failures">Receives the clients that could not judge.</param>
    /// <param name="make">Makes the choice where it has not been made.</param>
    public CandidateReport Begin(SimulationRequest request, ModelContent model, List<ClientFailure> failures, Func<CandidateReport> make)
    {
        string key = KeyOf(request);
        lock (_made)
        {
            if (!_made.TryGetValue(key, out Choice? known))
            {
                int before = failures.Count;
                CandidateReport report = make();
                _made.Add(key, new Choice(report, model.Mask!, [.. model.Statistics], [.. failures.Skip(before)]));
                return report;
            }

            model.Use(known.Mask);
            known.Statistics.CopyTo(model.Statistics, 0);
            failures.AddRange(known.Failures);
            return known.Report;
        }
    }

    /// <summary>All settings of a run but those that say how masks are adjusted; workers change no bit.</summary>
    private static string KeyOf(SimulationRequest request)
    {
        PruningSettings pruning = request.Job.Pruning;
        if (pruning.Method == PruningMethods.FedTiny)
        {
            pruning = pruning with
            {
                Alpha = Defaults.Alpha,
                AdjustEvery = Defaults.AdjustEvery,
                StopAdjusting = Defaults.StopAdjusting,
                Blocks = Defaults.Blocks,
                GradientBatch = Defaults.GradientBatch,
                GradientValues = Defaults.GradientValues,
            };
        }

        return $"{(request.Job with { Pruning = pruning }).ToJson()} {request with { Job = null!, Workers = 1, Devices = null }}";
    }

    private sealed record Choice(CandidateReport Report, ModelMask Mask, float[] Statistics, ClientFailure[] Failures);
}
