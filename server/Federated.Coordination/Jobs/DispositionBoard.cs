using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>
/// What became of the assignments of the latest rounds, and who waits to hear it. Older ones are read from the store. Used by
/// the coordinator's loop only.
/// </summary>
internal sealed class DispositionBoard
{
    private const int RoundsRemembered = 4;

    private readonly Queue<RoundFates> _rounds = new();
    private readonly List<DispositionQuery> _waiting = [];

    /// <summary>Answers at once when something is known that the device has to act on, and else when it is.</summary>
    public void Ask(DispositionQuery query, RoundStateMachine machine)
    {
        if (!TryAnswer(query, machine, force: !query.Waits))
        {
            _waiting.Add(query);
        }
    }

    /// <summary>Answers with what is known now.</summary>
    public void AskedEnough(DispositionQuery query, RoundStateMachine machine)
    {
        if (_waiting.Remove(query))
        {
            TryAnswer(query, machine, force: true);
        }
    }

    /// <summary>Remembers the final dispositions of a round and answers those who wait for them.</summary>
    public void Publish(RoundFates round, RoundStateMachine machine)
    {
        _rounds.Enqueue(round);
        if (_rounds.Count > RoundsRemembered)
        {
            _rounds.Dequeue();
        }

        Changed(machine);
    }

    /// <summary>Answers those who wait and have to act on what has changed in the open round.</summary>
    public void Changed(RoundStateMachine machine) => _waiting.RemoveAll(query => TryAnswer(query, machine, force: false));

    /// <summary>Answers everybody with what is known; the coordinator ends.</summary>
    public void Close(RoundStateMachine machine)
    {
        _waiting.ForEach(query => TryAnswer(query, machine, force: true));
        _waiting.Clear();
    }

    private bool TryAnswer(DispositionQuery query, RoundStateMachine machine, bool force)
    {
        var known = new Dictionary<string, UpdateDisposition>(StringComparer.Ordinal);
        bool worthTelling = force;
        foreach (string id in query.AssignmentIds)
        {
            UpdateDisposition? disposition = Find(id, query.DeviceId, machine);
            worthTelling |= disposition is not { Kind: DispositionKind.Pending };
            if (disposition is not null)
            {
                known[id] = disposition;
            }
        }

        if (worthTelling)
        {
            query.Reply(known);
        }

        return worthTelling;
    }

    private UpdateDisposition? Find(string id, string deviceId, RoundStateMachine machine)
    {
        foreach (RoundFates round in _rounds)
        {
            if (round.TryFind(id, out string? owner, out UpdateDisposition? disposition))
            {
                return owner == deviceId ? disposition : null;
            }
        }

        return machine.Find(id) is { } assignment && assignment.DeviceId == deviceId ? Dispositions.Of(assignment, 0) : null;
    }
}
