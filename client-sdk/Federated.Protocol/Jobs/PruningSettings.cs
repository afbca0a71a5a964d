using System.Text.Json.Serialization;

namespace Federated.Protocol.Jobs;

/// <summary>Training of a sparse model (docs/pruning.md).</summary>
public sealed record PruningSettings
{
    /// <summary>The method of a dense model.</summary>
    public const string None = "none";

    /// <summary>Updates from under an earlier mask are refused.</summary>
    public const string Refuse = "refuse";

    /// <summary>Updates from under an earlier mask are carried to the present one, by index.</summary>
    public const string Remap = "remap";

    /// <summary>Gradients are sent as float32.</summary>
    public const string Single = "f32";

    /// <summary>Gradients are sent as float16 with a common scale.</summary>
    public const string Half = "f16";

    /// <summary>How the active weights are chosen, such as <c>fedtiny</c>; <c>none</c> for a dense model.</summary>
    public string Method { get; set; } = None;

    /// <summary>Whether the model is sparse.</summary>
    [JsonIgnore]
    public bool IsActive => Method != None;

    /// <summary>Active weights as a share of those of convolutions and linear layers, in (0, 1]; biases and normalisation are always kept.</summary>
    public double Density { get; set; } = 0.01;

    /// <summary>Masks among which the devices find the best before the first round; 1 for the uniform one without asking.</summary>
    public int Candidates { get; set; } = 10;

    /// <summary>Devices that judge the candidates; 0 for the cohort size of training.</summary>
    public int CandidateCohort { get; set; }

    /// <summary>Twice the mean share of a layer's active weights that an adjustment moves, in (0, 1]; it falls along a cosine to 0 at <c>stopAdjusting</c>.</summary>
    public double Alpha { get; set; } = 0.3;

    /// <summary>Rounds from one adjustment of the mask to the next, at least 1.</summary>
    public int AdjustEvery { get; set; } = 10;

    /// <summary>The last round after which the mask may change; 0 for never.</summary>
    public int StopAdjusting { get; set; } = 100;

    /// <summary>Blocks of layers, of which an adjustment takes one, from the output to the input; 1 for all layers at once.</summary>
    public int Blocks { get; set; } = 5;

    /// <summary>Examples of the batch whose gradients a device sends for an adjustment, at least 1.</summary>
    public int GradientBatch { get; set; } = 64;

    /// <summary>How devices send gradients: <c>f32</c>, or <c>f16</c> with a common scale, which takes two bytes less each.</summary>
    public string GradientValues { get; set; } = Single;

    /// <summary>
    /// What becomes of an update from under an earlier mask: <c>refuse</c>, or <c>remap</c> to count it by index (what was dropped is left out, what has been grown counts as no change), in
    /// asynchronous jobs only. Left out: <c>remap</c> there, <c>refuse</c> elsewhere.
    /// </summary>
    public string? Stale { get; set; }

    /// <summary>Whether updates from under an earlier mask are carried to the present one.</summary>
    /// <param name="isAsynchronous">Whether the job is asynchronous.</param>
    public bool Remaps(bool isAsynchronous) => Stale is null ? isAsynchronous : Stale == Remap;
}
