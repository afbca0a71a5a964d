using Federated.Client.Algorithms;
using Federated.Protocol;

namespace Federated.Simulation.Engine;

/// <summary>Why a client's work gave no update.</summary>
internal static class WorkFailure
{
    /// <summary>A stable kind, and one sentence.</summary>
    public static (string Kind, string Reason) Of(ClientTaskResult result) => result switch
    {
        { Error: { } error } => (ErrorKinds.Exception, error),
        { Outcome: ClientOutcome.Diverged } => (ErrorKinds.Diverged, $"The training diverged after {result.Steps} steps: a loss or parameter is not finite. A smaller learning rate or a clip norm may help."),
        _ => ("no-examples", "The client has nothing to train on."),
    };
}
