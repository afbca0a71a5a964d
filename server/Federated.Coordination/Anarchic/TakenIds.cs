using System.Globalization;
using System.Text;

namespace Federated.Coordination.Anarchic;

/// <summary>
/// Ids of the updates that were taken, each with the version at which it was, for as long as the same update could be taken again: an older one would be refused for
/// its staleness.
/// </summary>
internal sealed class TakenIds(long horizon)
{
    private readonly Dictionary<string, long> _taken = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public bool Has(string id) => _taken.ContainsKey(id);

    public void Add(string id, long version)
    {
        _taken.Add(id, version);
        _order.Enqueue(id);
    }

    /// <summary>Forgets what is too old by now.</summary>
    public void Forget(long version)
    {
        while (_order.TryPeek(out string? id) && version - _taken[id] > horizon)
        {
            _taken.Remove(id);
            _order.Dequeue();
        }
    }

    public void Clear()
    {
        _taken.Clear();
        _order.Clear();
    }

    /// <summary>A line for each, oldest first: the version, a space, the id.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Concat(
        _order.Select(id => string.Create(CultureInfo.InvariantCulture, $"{_taken[id]} {id}\n"))));

    /// <exception cref="InvalidDataException">A line is none.</exception>
    public void Load(ReadOnlySpan<byte> bytes)
    {
        Clear();
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 1 || !long.TryParse(line.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out long version))
            {
                throw new InvalidDataException($"'{line}' is no line of a version and an update's id.");
            }

            Add(line[(space + 1)..], version);
        }
    }
}
