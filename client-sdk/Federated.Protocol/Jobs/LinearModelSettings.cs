namespace Federated.Protocol.Jobs;

/// <summary>The size of a linear model that starts from zeros, so that no initial model has to be uploaded.</summary>
public sealed record LinearModelSettings
{
    /// <summary>Floats an example, 1 to 10,000,000.</summary>
    public int Features { get; set; } = 64;

    /// <summary>Scores an example: the number of classes, or 1 for a binary model; 1 to 1,000,000.</summary>
    public int Outputs { get; set; } = 10;
}
