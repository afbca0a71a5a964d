using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Federated.Protocol.OneByte;

namespace Federated.Client.OneByte.Peers;

/// <summary>
/// The exchange among peers, without clock and network. In round t the machines of the last record take turns as sequencer; a round's record is agreed on as in Paxos, one decision a round with
/// the views as ballots, so that more than half of the members are enough and two sequencers can never make two records of one round. Members may stop and may lose messages; they do not lie.
/// Serves one thread at a time.
/// </summary>
/// <remarks>
/// View 0 costs four messages a machine: bytes to the sequencer, the record back, its acceptance, the commit. When a view's time is over without a commit, a machine promises the next view to
/// the next sequencer and tells it what it has accepted; a sequencer that hears of an accepted record from anyone proposes that one.
/// </remarks>
internal sealed class PeerProtocol
{
    private readonly OneByteMachine _machine;
    private readonly uint _number;
    private readonly ImmutableArray<uint> _members;
    private readonly PeerTimes _times;
    private readonly uint _rounds;
    private readonly uint _window;
    private readonly PeerOutbox _out;
    private readonly PeerLog _log = new();
    private readonly PeerStates _states;
    private readonly Dictionary<uint, PeerMessage.Gradients> _gathered = [];
    private readonly HashSet<uint> _accepts = [];
    private readonly Dictionary<uint, uint> _heard = [];
    private readonly Dictionary<uint, PeerMessage.Gradients> _early = [];
    private ImmutableArray<uint> _order;
    private ReadOnlyMemory<byte> _own;
    private uint _view;
    private (uint View, RoundCommitment Record)? _accepted;
    private RoundCommitment? _proposed;
    private DateTimeOffset _gatherUntil;
    private DateTimeOffset _viewUntil;
    private bool _resyncs;

    /// <param name="machine">Follows the log.</param>
    /// <param name="number">This member.</param>
    /// <param name="members">All members, this one among them; the same on all of them.</param>
    /// <param name="rounds">Rounds of the run.</param>
    /// <param name="window">Rounds between comparisons of states.</param>
    /// <param name="times">How long to wait.</param>
    /// <param name="now">The time.</param>
    public PeerProtocol(OneByteMachine machine, uint number, IEnumerable<uint> members, uint rounds, uint window, PeerTimes times, DateTimeOffset now)
    {
        _machine = machine;
        _number = number;
        _members = [.. members.Order()];
        _out = new PeerOutbox(number, _members);
        _rounds = rounds;
        _window = window;
        _times = times;
        _order = _members;
        _states = new PeerStates(rounds, Quorum);
        Begin(now);
    }

    /// <summary>Whether this member's bytes of the open round are still to be measured.</summary>
    public bool WantsGradients => _own.IsEmpty && !IsOver;

    /// <summary>Whether this member has the whole log.</summary>
    public bool IsOver => _machine.Round >= _rounds;

    /// <summary>Whether every member of the last record has said that its last state is this one's.</summary>
    public bool IsConfirmed => IsOver && _order.All(member => member == _number || _states.HasFinished(member));

    /// <summary>Machines in the last record.</summary>
    public int LastMachines => _order.Length;

    /// <summary>Who makes the record of the open round in the present view.</summary>
    public uint Sequencer => SequencerOf(_view);

    /// <summary>The view of the open round; above 0 when a sequencer was given up.</summary>
    public uint View => _view;

    /// <summary>When <see cref="Tick"/> is due.</summary>
    public DateTimeOffset Due => Sequencer == _number && _proposed is null && _gatherUntil < _viewUntil ? _gatherUntil : _viewUntil;

    private int Quorum => (_members.Length / 2) + 1;

    /// <summary>The next message to send; messages to this member never come out.</summary>
    public bool TryTake([NotNullWhen(true)] out PeerMessage? message, out uint to) => _out.TryTake(out message, out to);

    /// <summary>This member's bytes of the open round.</summary>
    public void Measured(uint round, ReadOnlyMemory<byte> codes, DateTimeOffset now)
    {
        if (round == _machine.Round && WantsGradients)
        {
            _own = codes;
            SendGradients(now);
        }
    }

    public void Tick(DateTimeOffset now)
    {
        if (IsOver)
        {
            if (now >= _viewUntil)
            {
                // The first telling may be lost, and the others wait for it.
                _out.AddForAll(new PeerMessage.State(_machine.Round, _machine.StateHash()));
                _viewUntil = now + _times.View;
            }

            return;
        }

        if (now >= _viewUntil)
        {
            EnterView(_view + 1, now);
            SendGradients(now);
        }

        TryPropose(now);
    }

    public void Receive(uint from, PeerMessage message, DateTimeOffset now)
    {
        if (!_members.Contains(from) || from == _number)
        {
            return;
        }

        switch (message)
        {
            case PeerMessage.Gradients sent:
                TakeGradients(from, sent, now);
                break;
            case PeerMessage.Propose proposal:
                TakeProposal(from, proposal, now);
                break;
            case PeerMessage.Accept(var round, var view):
                TakeAcceptance(from, round, view, now);
                break;
            case PeerMessage.Commit(var record):
                TakeCommit(from, record, now);
                break;
            case PeerMessage.Sync(var round, var previous):
                Help(from, round, previous);
                break;
            case PeerMessage.Checkpoint(var order, var bytes):
                TakeCheckpoint(order, bytes.Span, now);
                break;
            case PeerMessage.State(var round, var hash):
                Compare(from, round, hash.Span);
                break;
            default:
                break;
        }
    }

    // ---- A round -----------------------------------------------------------------------------------------------------

    private void Begin(DateTimeOffset now)
    {
        _own = default;
        _accepted = null;
        EnterView(0, now);
        if (_machine.Round % _window == 0 || IsOver)
        {
            byte[] hash = _machine.StateHash();
            _states.Reach(_machine.Round, hash);
            _out.AddForAll(new PeerMessage.State(_machine.Round, hash));
            foreach ((uint member, uint round, byte[] told) in _states.Early)
            {
                Compare(member, round, told);
            }
        }

        KeyValuePair<uint, PeerMessage.Gradients>[] early = [.. _early];
        _early.Clear();
        foreach ((uint from, PeerMessage.Gradients sent) in early)
        {
            TakeGradients(from, sent, now);
        }
    }

    private void EnterView(uint view, DateTimeOffset now)
    {
        _view = view;
        _gathered.Clear();
        _accepts.Clear();
        _proposed = null;
        _gatherUntil = now + _times.Gather;

        // Later views last longer, so that machines that are apart meet in one.
        _viewUntil = now + (_times.View * (1 + (view / (double)_members.Length)));
    }

    /// <summary>The machines of the last record first, in turn; then the others.</summary>
    private uint SequencerOf(uint view)
    {
        ImmutableArray<uint> all = [.. _order, .. _members.Except(_order)];
        return all[(int)(((_machine.Round % (uint)_order.Length) + view) % (uint)all.Length)];
    }

    private void SendGradients(DateTimeOffset now) => Send(
        Sequencer,
        new PeerMessage.Gradients(_machine.Round, _machine.Previous, _view, _own, (int)(_accepted?.View ?? 0), _accepted?.Record),
        now);

    private void TakeGradients(uint from, PeerMessage.Gradients sent, DateTimeOffset now)
    {
        if (sent.Round == _machine.Round + 1)
        {
            // The commit that this member lacks is on its way, behind the bytes of one that has it.
            _early[from] = sent;
            return;
        }

        if (sent.Round > _machine.Round)
        {
            Send(from, new PeerMessage.Sync(_machine.Round, _machine.Previous), now);
            return;
        }

        _heard[from] = _machine.Round;
        if (sent.Round < _machine.Round || sent.Previous != _machine.Previous)
        {
            Help(from, sent.Round, sent.Previous);
            return;
        }

        if (IsOver || sent.View < _view || SequencerOf(sent.View) != _number || (sent.Codes.Length > 0 && sent.Codes.Length != _machine.Settings.BytesPerMachine))
        {
            return;
        }

        if (sent.View > _view)
        {
            EnterView(sent.View, now);
            SendGradients(now);
        }

        _gathered[from] = sent;
        TryPropose(now);
    }

    private void TryPropose(DateTimeOffset now)
    {
        if (IsOver || Sequencer != _number || _proposed is not null || _gathered.Count < Quorum)
        {
            return;
        }

        // After a sequencer was given up nobody is waited for but a quorum: who is there has measured long ago.
        // A machine that came too late for the last records is waited for too, or it would be too late for ever.
        IEnumerable<uint> expected = _order.Union(_heard.Where(pair => pair.Value + (2 * _members.Length) >= _machine.Round).Select(pair => pair.Key));
        bool everybody = _view > 0 || expected.All(member => _gathered.TryGetValue(member, out PeerMessage.Gradients? sent) && sent.Codes.Length > 0);
        if (!everybody && now < _gatherUntil)
        {
            return;
        }

        PeerMessage.Gradients? accepted = _gathered.Values.Where(sent => sent.Accepted is not null).MaxBy(sent => sent.AcceptedView);
        _proposed = accepted?.Accepted ?? RoundCommitment.Of(
            _machine.Round,
            _machine.Previous,
            _gathered.Where(pair => pair.Value.Codes.Length > 0).Select(pair => new GradientBytes(_machine.Round, pair.Key, _machine.Previous, pair.Value.Codes)),
            _machine.Settings.BytesPerMachine);
        var proposal = new PeerMessage.Propose(_view, _proposed);
        _out.AddForAll(proposal);
        TakeProposal(_number, proposal, now);
    }

    private void TakeProposal(uint from, PeerMessage.Propose proposal, DateTimeOffset now)
    {
        RoundCommitment record = proposal.Record;
        if (record.Round > _machine.Round)
        {
            Send(from, new PeerMessage.Sync(_machine.Round, _machine.Previous), now);
            return;
        }

        bool isGood = record.Round == _machine.Round && record.Previous == _machine.Previous && proposal.View >= _view && SequencerOf(proposal.View) == from
            && record.Machines.All(machine => _members.Contains(machine.Machine) && machine.Codes.Length == _machine.Settings.BytesPerMachine);
        if (!isGood)
        {
            return;
        }

        if (proposal.View > _view)
        {
            EnterView(proposal.View, now);
        }

        _accepted = (proposal.View, record);
        Send(from, new PeerMessage.Accept(record.Round, proposal.View), now);
    }

    private void TakeAcceptance(uint from, uint round, uint view, DateTimeOffset now)
    {
        if (round != _machine.Round || view != _view || _proposed is not { } record || !_accepts.Add(from) || _accepts.Count < Quorum)
        {
            return;
        }

        _out.AddForAll(new PeerMessage.Commit(record));
        Apply(record, now);
    }

    private void TakeCommit(uint from, RoundCommitment record, DateTimeOffset now)
    {
        if (record.Round > _machine.Round)
        {
            Send(from, new PeerMessage.Sync(_machine.Round, _machine.Previous), now);
        }
        else if (record.Round == _machine.Round)
        {
            Apply(record, now);
        }
    }

    private void Apply(RoundCommitment record, DateTimeOffset now)
    {
        if (_machine.Apply(record))
        {
            _log.Add(record);
            _order = record.Machines.IsEmpty ? _members : [.. record.Machines.Select(machine => machine.Machine)];
            Begin(now);
        }
    }

    // ---- Those who are behind ----------------------------------------------------------------------------------------

    /// <summary>Sends the records from a round on where they are kept, or a checkpoint.</summary>
    private void Help(uint member, uint round, ulong previous)
    {
        if (round >= _machine.Round)
        {
            return;
        }

        bool any = false;
        foreach (RoundCommitment record in _log.Behind(round, previous))
        {
            _out.Add(member, new PeerMessage.Commit(record));
            any = true;
        }

        if (!any)
        {
            _out.Add(member, new PeerMessage.Checkpoint(_order, _machine.Checkpoint()));
        }
    }

    private void TakeCheckpoint(ImmutableArray<uint> order, ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        if (bytes.Length < sizeof(uint) || order.IsEmpty || !order.All(_members.Contains) || (System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes) <= _machine.Round && !_resyncs))
        {
            return;
        }

        try
        {
            _machine.Restore(bytes);
        }
        catch (InvalidDataException)
        {
            // Of another size: no checkpoint of this run, and nothing has changed.
            return;
        }

        _resyncs = false;
        _log.Clear();
        _order = order;
        Begin(now);
    }

    /// <summary>The state of this member is not that of more than half: it takes the checkpoint of another.</summary>
    private void Compare(uint member, uint round, ReadOnlySpan<byte> hash)
    {
        if (_states.IsContradicted(member, round, hash, _machine.Round))
        {
            _resyncs = true;
            _out.Add(member, new PeerMessage.Sync(0, 0));
        }
    }

    private void Send(uint to, PeerMessage message, DateTimeOffset now)
    {
        if (to != _number)
        {
            _out.Add(to, message);
            return;
        }

        switch (message)
        {
            case PeerMessage.Gradients sent:
                _gathered[_number] = sent;
                TryPropose(now);
                break;
            case PeerMessage.Accept(var round, var view):
                TakeAcceptance(_number, round, view, now);
                break;
            default:
                break;
        }
    }
}
