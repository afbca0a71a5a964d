using System.ComponentModel.DataAnnotations;

namespace Federated.Aggregator.Tree;

/// <summary>How a node takes part in a tier of several.</summary>
public sealed class TreeMemberOptions
{
    /// <summary>The configuration section that the options are read from.</summary>
    public const string SectionName = "Tier";

    /// <summary>The secret that the nodes of the tier and the server share, of at least 16 characters; it never travels.</summary>
    [MinLength(16)]
    [DataType(DataType.Password)]
    public string Key { get; set; } = string.Empty;

    /// <summary>Address where devices upload to this node, as they can reach it.</summary>
    public string GatewayAddress { get; set; } = string.Empty;

    /// <summary>Address where nodes and the server reach this node's transfer service.</summary>
    public string TransferAddress { get; set; } = string.Empty;

    /// <summary>MC: updates in service at once before the time per update rises; 0 for one per slot of the pool.</summary>
    [Range(0, 1_000_000)]
    public double Capacity { get; set; }

    /// <summary>Time after which a transfer to or from another node counts as broken.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan TransferTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Time between two signs of life while a round is open here.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan AliveInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between two signs of life while none is. The server plans no round with a node that is silent for longer than this and its Tier:NodeLossAfter, or four times that where it is more.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan IdleAliveInterval { get; set; } = TimeSpan.FromSeconds(10);
}
