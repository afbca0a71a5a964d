using Federated.Protocol.Pruning;

namespace Federated.Coordination.Anarchic;

/// <summary>An update as it arrives at an asynchronous server. The spans are read during the call and not kept.</summary>
public readonly ref struct AnarchicUpdate
{
    /// <summary>Names the update for ever, so that a second arrival is seen.</summary>
    public required string Id { get; init; }

    /// <summary>Stands for the worker.</summary>
    public required uint ClientIndex { get; init; }

    /// <summary>mu: the version that the worker started from.</summary>
    public required long PulledVersion { get; init; }

    /// <summary>K: local steps that the worker says it took.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// ‖a‖₁, the L1 norm of the coefficients with which gradients entered the difference, where the worker's optimizer is not that of the job; 0 where it
    /// follows from <see cref="Steps"/> and the job's local settings.
    /// </summary>
    public double EffectiveSteps { get; init; }

    /// <summary>Examples behind the update.</summary>
    public double Examples { get; init; }

    /// <summary>Local minus pulled parameters; packed under the mask of <see cref="PulledVersion"/>.</summary>
    public required ReadOnlySpan<float> Delta { get; init; }

    /// <summary>Batch-norm statistics, where the schema aggregates them.</summary>
    public ReadOnlySpan<float> Statistics { get; init; }

    /// <summary>Which of <see cref="IAnarchicAlgorithm.Forms"/> the update has; null for that of a dense model.</summary>
    public string? Role { get; init; }

    /// <summary>The mask of <see cref="PulledVersion"/>, where <see cref="IAnarchicAlgorithm.NeedsPulledMask"/>.</summary>
    public ModelMask? PulledMask { get; init; }

    /// <summary>Largest gradients, decoded, where the form has them.</summary>
    public ReadOnlySpan<float> Gradients { get; init; }

    /// <summary>The parameters of <see cref="PulledVersion"/>, all of them, where <see cref="IAnarchicAlgorithm.NeedsPulledModel"/>.</summary>
    public ReadOnlySpan<float> PulledParameters { get; init; }
}
