namespace Federated.Protocol.OneByte;

/// <summary>
/// Gathers the messages of one round after another and makes the records. It decides nothing but whose bytes are in a record; who calls it decides when a round ends.
/// Serves one thread at a time.
/// </summary>
public sealed class OneByteSequencer
{
    private readonly OneByteMachine _machine;
    private readonly SortedDictionary<uint, GradientBytes> _received = [];

    /// <summary>A sequencer at the round that a machine has come to.</summary>
    /// <param name="machine">Follows the log; the sequencer applies its records to it.</param>
    public OneByteSequencer(OneByteMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        _machine = machine;
    }

    /// <summary>Machines whose bytes the open round has.</summary>
    public int Received => _received.Count;

    /// <summary>Whether the open round has a machine's bytes.</summary>
    /// <param name="machine">The machine.</param>
    public bool Has(uint machine) => _received.ContainsKey(machine);

    /// <summary>Takes a message, or says why not; a message that is not taken changes nothing.</summary>
    /// <param name="sent">The message.</param>
    public OneByteVerdict Offer(GradientBytes sent)
    {
        ArgumentNullException.ThrowIfNull(sent);
        OneByteVerdict verdict = sent switch
        {
            _ when sent.Codes.Length != _machine.Settings.BytesPerMachine => OneByteVerdict.WrongLength,
            _ when sent.Round < _machine.Round => OneByteVerdict.Late,
            _ when sent.Round > _machine.Round => OneByteVerdict.Ahead,
            _ when sent.Previous != _machine.Previous => OneByteVerdict.OtherLog,
            _ when _received.ContainsKey(sent.Machine) => OneByteVerdict.Repeated,
            _ => OneByteVerdict.Taken,
        };
        if (verdict == OneByteVerdict.Taken)
        {
            _received.Add(sent.Machine, sent);
        }

        return verdict;
    }

    /// <summary>Takes a machine's bytes out of the open round again.</summary>
    /// <param name="machine">The machine.</param>
    public void Withdraw(uint machine) => _received.Remove(machine);

    /// <summary>The record of what the open round has; nothing changes yet, so that it can be stored before it is true.</summary>
    public RoundCommitment Propose() =>
        RoundCommitment.Of(_machine.Round, _machine.Previous, _received.Values, _machine.Settings.BytesPerMachine);

    /// <summary>Ends the open round with its record and opens the next.</summary>
    /// <param name="commitment">The record.</param>
    /// <exception cref="InvalidOperationException">It is not the open round's.</exception>
    public void Commit(RoundCommitment commitment)
    {
        if (!_machine.Apply(commitment))
        {
            throw new InvalidOperationException($"The record of round {commitment.Round} does not follow round {_machine.Round} of the log.");
        }

        _received.Clear();
    }
}
