using System.ComponentModel.DataAnnotations;

namespace Federated.Aggregator;

/// <summary>Size and place of an aggregation node.</summary>
public sealed class AggregatorNodeOptions
{
    /// <summary>The configuration section that the options are read from.</summary>
    public const string SectionName = "Aggregator";

    /// <summary>Names the node in events and logs.</summary>
    [Required]
    [RegularExpression("^[A-Za-z0-9_-]{1,64}$")]
    public string NodeId { get; set; } = "node-1";

    /// <summary>Folder of the journal and the spool; one process at a time may use it.</summary>
    [Required]
    public string Directory { get; set; } = Path.Combine("data", "node");

    /// <summary>Folder of the slot pool; null for <c>/dev/shm</c> where it has room, else the temporary folder.</summary>
    public string? PoolDirectory { get; set; }

    /// <summary>Updates that can be on their way into the node at the same time.</summary>
    [Range(1, 65_536)]
    public int SlotCount { get; set; } = 8;

    /// <summary>Payload bytes of the largest update: 4 × the parameters of the model, and a little for further sections.</summary>
    [Range(1, 0x7FFF_F000)]
    public int SlotBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Touches every page of the pool at the start, so that no upload pays for it.</summary>
    public bool PreTouchSlots { get; set; } = true;

    /// <summary>Aggregation workers at the same time, over all rounds; 0 for one per core.</summary>
    [Range(0, 1024)]
    public int MaxWorkers { get; set; }

    /// <summary>Leaves of one round at the same time: workers that share its sums; 0 for as many as there are workers.</summary>
    [Range(0, 1024)]
    public int LeavesPerRound { get; set; }

    /// <summary>Workers that are started with the node and kept however long they idle.</summary>
    [Range(0, 1024)]
    public int WarmWorkers { get; set; } = 1;

    /// <summary>Idle time after which a worker beyond the warm ones ends, and memory kept for the next round is let go.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WorkerIdleTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes of retained updates that may go to disk when the pool is short; a round that would need more is refused.</summary>
    [Range(0, long.MaxValue)]
    public long SpillBytes { get; set; } = 1L << 30;

    /// <summary>Bytes of other nodes' retained updates that this node holds in memory while a round closes under a rule other than the mean; a round that would need more is refused.</summary>
    [Range(0, long.MaxValue)]
    public long ExchangeBytes { get; set; } = 2L << 30;

    /// <summary>Time without a byte after which an upload counts as broken and its slot is freed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan UploadStallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Journal bytes beyond which the records of ended rounds are dropped.</summary>
    [Range(4096, int.MaxValue)]
    public int JournalCompactionBytes { get; set; } = 4 * 1024 * 1024;
}
