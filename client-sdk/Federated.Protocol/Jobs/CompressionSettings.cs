namespace Federated.Protocol.Jobs;

/// <summary>How updates are made smaller on their way to the server.</summary>
public sealed record CompressionSettings
{
    /// <summary>Compressor and feedback of the uploads, such as <c>topk:0.01+econtrol</c>, <c>q4</c> or <c>sign+ef21</c>; <c>none</c> for dense updates.</summary>
    public string Up { get; set; } = "none";

    /// <summary>
    /// Compressor of the models that devices download, such as <c>topk:0.05</c> or <c>q8</c>; <c>none</c> for whole models. The server keeps what it leaves out and sends it later,
    /// so it takes no feedback.
    /// </summary>
    public string Down { get; set; } = "none";

    /// <summary>η of econtrol, at least 0; null for half of the compressor's δ. Above δ it may diverge.</summary>
    public double? Eta { get; set; }

    /// <summary>b of ef21-sgdm, in (0, 1]: the share of the newest difference in the running one.</summary>
    public double Momentum { get; set; } = 0.2;

    /// <summary>How a client without state begins: <c>dense</c>, one uncompressed difference, or <c>zero</c>.</summary>
    public string Start { get; set; } = "dense";

    /// <summary>Rounds after which all clients begin anew, which drops rounding drift and clients that have left; 0 for never.</summary>
    public int ResyncRounds { get; set; } = 1000;

    /// <summary>Most bytes of clients' estimates that the server keeps under a rule other than the mean, at most 2,000,000,000; 4 a parameter and client.</summary>
    public long EstimateBytes { get; set; } = 1L << 30;
}
