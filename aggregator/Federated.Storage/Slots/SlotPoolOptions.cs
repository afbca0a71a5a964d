using System.ComponentModel.DataAnnotations;

namespace Federated.Storage.Slots;

/// <summary>
/// Size and place of a pool. All processes of a node that share it give the same values. Size and count have no
/// default: they follow from the largest update of a job and from how many are in flight.
/// </summary>
public sealed class SlotPoolOptions
{
    /// <summary>Most payload bytes of one slot.</summary>
    [Range(1, 0x7FFF_F000)]
    public int SlotBytes { get; set; }

    [Range(1, 65_536)]
    public int SlotCount { get; set; }

    /// <summary>
    /// Where the pool's folder lies. Null: <c>/dev/shm</c> when it is there and has room for the pool, otherwise
    /// the temporary folder.
    /// </summary>
    public string? Directory { get; set; }

    /// <summary>Name of the pool's folder; one per node, so that two nodes on a machine do not share slots.</summary>
    [Required]
    [RegularExpression("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]
    public string Name { get; set; } = "federated-slots";

    /// <summary>Touches every page at the start: a page's first use costs about 50 times its rewriting.</summary>
    public bool PreTouch { get; set; } = true;

    /// <summary>
    /// Deletes the pool's folder with the pool, for a process whose slots nobody will recover. Off, committed
    /// payloads wait for the next process that opens the pool.
    /// </summary>
    public bool DeleteOnDispose { get; set; }
}
