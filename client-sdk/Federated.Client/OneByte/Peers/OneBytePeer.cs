using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.Client.OneByte.Peers;

/// <summary>
/// A member of a one-byte exchange without a server: peers measure slopes, take turns as sequencer and agree on every record, so that all of them end with the same bits as long as more than half of
/// them are there. A member may come late, or stop for good; one that is started again has forgotten what it agreed to in the open round, so let a round pass before it comes back.
/// Members recognise each other by the keys of their devices and encrypt what they say; they trust each other, not the network between them.
/// </summary>
public sealed class OneBytePeer
{
    private readonly OneBytePeerOptions _options;
    private readonly OneByteSettings _settings;
    private readonly ModelContent _model;
    private readonly IObjective _objective;
    private readonly TimeProvider _time;
    private readonly OneByteManifest _manifest;

    /// <summary>A member. Nothing is done before <see cref="RunAsync"/>.</summary>
    /// <param name="options">Who the members are.</param>
    /// <param name="settings">What all machines agree on; sealed with the model (<see cref="OneByteMachine.Seal"/>).</param>
    /// <param name="model">The model that the run begins with; holds the last state in the end.</param>
    /// <param name="objective">Holds the member's examples.</param>
    /// <param name="timeProvider">Measures and waits; default: the system's time.</param>
    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    public OneBytePeer(OneBytePeerOptions options, OneByteSettings settings, ModelContent model, IObjective objective, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(objective);
        if (!options.Members.ContainsKey(options.Machine) || options.Rounds == 0 || options.Window == 0 || options.GatherTime <= TimeSpan.Zero)
        {
            throw new ArgumentException(
                $"Machine {options.Machine} must be one of the {options.Members.Count} members, rounds ({options.Rounds}), window ({options.Window}) and gather time ({options.GatherTime}) greater than 0.",
                nameof(options));
        }

        if (!options.Members.Keys.All(options.PublicKeys.ContainsKey) || !options.PublicKeys[options.Machine].Span.SequenceEqual(options.Key.PublicKey.Span))
        {
            throw new ArgumentException($"Every member must have its public key, and that of machine {options.Machine} must be its own key's.", nameof(options));
        }

        (_options, _settings, _model, _objective) = (options, settings, model, objective);
        _time = timeProvider ?? TimeProvider.System;
        _manifest = new OneByteManifest(model.Schema);
    }

    /// <summary>A round has been applied; raised in order, on threads of the SDK.</summary>
    public event EventHandler<OneBytePeerRound>? Applied;

    /// <summary>Takes part until the last round.</summary>
    /// <param name="cancellationToken">Leaves the exchange.</param>
    /// <exception cref="InvalidDataException">The settings are those of another model.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The member's address cannot be listened on.</exception>
    public async Task<OneBytePeerResult> RunAsync(CancellationToken cancellationToken = default)
    {
        OneByteMachine machine = OneByteMachine.Start(_settings, _manifest, _model.Parameters);
        var meter = new SlopeMeter(_settings, _manifest, _model.Parameters);
        var times = new PeerTimes(_options.GatherTime, 2 * _options.GatherTime);
        var protocol = new PeerProtocol(machine, _options.Machine, _options.Members.Keys, _options.Rounds, _options.Window, times, _time.GetUtcNow());
        var inbox = Channel.CreateUnbounded<(uint From, PeerMessage Message)>(new UnboundedChannelOptions { SingleReader = true });
        int mostBytes = Math.Max(machine.Checkpoint().Length, 2 * _options.Members.Count * (8 + _settings.BytesPerMachine)) + (8 * _options.Members.Count) + 256;
        var links = new PeerLinks(
            new PeerCredentials(_options.Machine, SHA256.HashData(_settings.ToBytes()), _options.Key, _options.PublicKeys),
            mostBytes,
            _options.Members,
            (from, frame) =>
            {
                if (PeerCodec.Read(frame.Span) is { } message)
                {
                    inbox.Writer.TryWrite((from, message));
                }
            },
            _time);
        await using ConfiguredAsyncDisposable owned = links.ConfigureAwait(false);
        int measured = 0, takenOver = 0;
        double loss = double.NaN;
        uint applied = 0;
        uint view = 0;
        DateTimeOffset? overSince = null;
        while (!protocol.IsConfirmed && !(_time.GetUtcNow() - overSince > _options.Linger))
        {
            // 1. Whatever the protocol wants said.
            while (protocol.TryTake(out PeerMessage? message, out uint to))
            {
                links.Send(to, PeerCodec.Write(message));
            }

            if (machine.Round != applied)
            {
                takenOver += view > 0 ? 1 : 0;
                applied = machine.Round;
                Applied?.Invoke(this, new OneBytePeerRound(applied - 1, protocol.LastMachines, loss));
            }

            view = protocol.View;
            overSince ??= protocol.IsOver ? _time.GetUtcNow() : null;

            // 2. Own bytes; what came meanwhile waits, and may have ended the round.
            if (protocol.WantsGradients && !inbox.Reader.TryPeek(out _))
            {
                byte[] codes = new byte[_settings.BytesPerMachine];
                uint round = machine.Round;
                loss = meter.Measure(machine, _options.Machine, _objective, _options.Seed, _options.BatchSize, codes, cancellationToken).MeanLoss;
                measured++;
                protocol.Measured(round, codes, _time.GetUtcNow());
                continue;
            }

            // 3. The next message, or the time that the protocol waits for.
            if (!inbox.Reader.TryRead(out (uint From, PeerMessage Message) next))
            {
                if (!await WaitAsync(inbox.Reader, protocol.Due - _time.GetUtcNow(), cancellationToken).ConfigureAwait(false))
                {
                    protocol.Tick(_time.GetUtcNow());
                }

                continue;
            }

            protocol.Receive(next.From, next.Message, _time.GetUtcNow());
        }

        while (protocol.TryTake(out PeerMessage? message, out uint to))
        {
            links.Send(to, PeerCodec.Write(message));
        }

        using var flush = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        await links.FlushAsync(flush.Token).ConfigureAwait(false);
        meter.CopyTo(machine, _model);
        return new OneBytePeerResult(Convert.ToHexStringLower(machine.StateHash()), machine.Round, measured, takenOver, links.BytesSent, protocol.IsConfirmed)
        {
            Refused = links.Refused,
        };
    }

    /// <summary>True when there is a message; false when the time has passed.</summary>
    private async Task<bool> WaitAsync(ChannelReader<(uint, PeerMessage)> inbox, TimeSpan time, CancellationToken cancellationToken)
    {
        if (time <= TimeSpan.Zero)
        {
            return false;
        }

        using var over = new CancellationTokenSource(time, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            return await inbox.WaitToReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
