using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.Coordination.Exchange;

/// <summary>What of a definition a server cannot do in an exchange of scalars, and what does not fit its model.</summary>
internal static class ExchangeCheck
{
    /// <summary>Errors; the definition is valid otherwise.</summary>
    public static IEnumerable<JobDefinitionError> Validate(JobDefinition job, ModelContent model)
    {
        if (job.Evaluation.EveryRounds > 0)
        {
            yield return new JobDefinitionError("evaluation.everyRounds", $"{job.Evaluation.EveryRounds} is not allowed; an exchange has no rounds of evaluation. Devices tell their losses, and every version can be downloaded.");
        }

        if (job.TargetAccuracy is { } target)
        {
            yield return new JobDefinitionError("targetAccuracy", FormattableString.Invariant($"{target} is not allowed; an exchange has no rounds of evaluation that could reach it."));
        }

        string? fault = null;
        try
        {
            OneByteRun.SettingsOf(job, "check", new OneByteManifest(model.Schema), model.Parameters);
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException)
        {
            fault = exception is OverflowException ? "has a parameter that is not finite or too large for integer weights" : exception.Message;
        }

        if (fault is not null)
        {
            yield return new JobDefinitionError("model", fault);
        }
    }
}
