using System.Buffers;
using Federated.Client.Algorithms;
using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Client.Compression;

/// <summary>
/// Turns the dense update of a client half into what is sent: the DELTA section becomes a frame, under the task's compressor and error feedback. What the client
/// remembers is committed only when the update is counted, and is worked out from what the server decodes, so that both sides hold the same numbers.
/// </summary>
/// <remarks>
/// The memory is a vector of floats: first the round whose update left it, then, of a masked model, the mask (<see cref="MaskedMemory"/>), then that of the feedback. When the memory is not that of
/// <see cref="UpdateCompression.StateRound"/>, the kinds that the server mirrors cannot go on (<see cref="HasLost"/>); the others begin anew.
/// </remarks>
public sealed class UpdateEncoder
{
    private readonly UpdateCompression _settings;
    private readonly CompressionSpec _spec;
    private readonly VectorCompressor _compressor;
    private readonly ErrorFeedback _feedback;
    private readonly MaskedMemory? _masked;
    private readonly int[] _regrown;

    /// <summary>An encoder for one model and task.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="settings">The task's compression.</param>
    /// <param name="mask">The model's mask, under which differences are packed; null for a dense model.</param>
    /// <param name="regrown">Coordinates of the mask that were dropped since the client's last counted update (<see cref="PackedIndices"/>).</param>
    /// <exception cref="FormatException">The specification cannot be read.</exception>
    /// <exception cref="InvalidDataException">The coordinates that were grown again are none of the mask's.</exception>
    public UpdateEncoder(ModelSchema schema, UpdateCompression settings, ModelMask? mask = null, ReadOnlySpan<byte> regrown = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _spec = CompressionSpec.Parse(settings.Spec);
        _compressor = new VectorCompressor(_spec, CompressionLayout.Of(schema, mask));
        _feedback = new ErrorFeedback(_spec.Feedback, _compressor.Length, settings.Eta, settings.Momentum);
        _masked = mask is null || _feedback.StateLength == 0 ? null : new MaskedMemory(schema, mask, _feedback.StateLength / mask.PackedCount);
        _regrown = mask is null ? [] : PackedIndices.Read(regrown, mask.PackedCount);
    }

    /// <summary>Floats that a client remembers; 0 without feedback.</summary>
    public int StateLength => _feedback.StateLength == 0 ? 0 : 1 + HeaderLength + _feedback.StateLength;

    /// <summary>Whether what a client remembers may have another length than <see cref="StateLength"/>: that of an earlier mask.</summary>
    public bool TakesAnyLength => _masked is not null;

    private int HeaderLength => _masked?.HeaderLength ?? 0;

    /// <summary>An encoder where the task asks for one; null when its updates are dense.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="settings">The task's settings.</param>
    /// <param name="mask">The model's mask; null for a dense model.</param>
    /// <param name="ownCompressor">The compressor of this device, without feedback; null for the task's.</param>
    public static UpdateEncoder? For(ModelSchema schema, LocalTraining settings, ModelMask? mask = null, string? ownCompressor = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Compression is { } compression ? new UpdateEncoder(schema, OwnCompression.Of(compression, ownCompressor, schema, mask), mask, settings.Regrown.Span) : null;
    }

    /// <summary>Whether the server reckons with a memory that this is not: the client cannot make an update.</summary>
    /// <param name="state">What the client remembers; empty for nothing.</param>
    public bool HasLost(ReadOnlySpan<float> state) => _spec.TracksEstimates && _settings.StateRound > 0 && !TryRead(state, out _);

    /// <summary>Most bytes of an update with these sections.</summary>
    /// <param name="sections">The sections as they are sent.</param>
    public static int MostBytes(IReadOnlyList<SectionSpec> sections)
    {
        ArgumentNullException.ThrowIfNull(sections);
        return checked((int)sections.Sum(SectionSpecs.MostBytes));
    }

    /// <summary>Encodes an update.</summary>
    /// <param name="update">The dense update; its weight becomes the one that the server keeps for the client.</param>
    /// <param name="state">What the client remembers; empty for nothing.</param>
    /// <param name="draw">Addresses the random draws.</param>
    /// <param name="payload">Receives the sections; at least <see cref="MostBytes"/>.</param>
    /// <param name="nextState">Receives what the client remembers once the update is counted, <see cref="StateLength"/> floats.</param>
    public EncodedUpdate Encode(ClientUpdate update, ReadOnlySpan<float> state, CompressionDraw draw, Span<byte> payload, Span<float> nextState)
    {
        ArgumentNullException.ThrowIfNull(update);
        if (_settings.Weight > 0)
        {
            update.Weight = _settings.Weight;
        }

        var headers = new List<SectionHeader>(update.Sections.Count);
        var result = new EncodedUpdate(0, headers, 1, 0, 0, true);
        ReadOnlySpan<byte> dense = update.Payload.Span;
        int at = 0;
        foreach (SectionHeader sent in update.Headers())
        {
            SectionSpec section = sent.Spec;
            int bytes = (int)sent.ByteLength;
            if (section.Role == SectionRole.Delta)
            {
                (int length, result) = EncodeDelta(update.Floats(SectionRole.Delta), state, draw, payload[at..], nextState, result);
                headers.Add(new SectionHeader { Spec = SectionSpecs.Framed(section), ByteLength = (ulong)length });
                at += length;
            }
            else
            {
                dense[..bytes].CopyTo(payload[at..]);
                headers.Add(sent);
                at += bytes;
            }

            dense = dense[bytes..];
        }

        return result with { Length = at };
    }

    /// <summary>Whether a memory is that of the round which the task names; then what the feedback goes on from.</summary>
    private bool TryRead(ReadOnlySpan<float> state, out ReadOnlySpan<float> memory)
    {
        memory = default;
        if (StateLength == 0 || state.IsEmpty || state[0] != _settings.StateRound)
        {
            return false;
        }

        if (_masked is not null)
        {
            return _masked.TryRead(state[1..], _regrown, out memory);
        }

        memory = state[1..];
        return state.Length == StateLength;
    }

    private (int Length, EncodedUpdate Result) EncodeDelta(
        ReadOnlySpan<float> g, ReadOnlySpan<float> state, CompressionDraw draw, Span<byte> frame, Span<float> nextState, EncodedUpdate result)
    {
        ReadOnlySpan<float> memory = [];
        bool isFresh = _settings.StateRound == 0 || !TryRead(state, out memory);
        memory = isFresh ? [] : memory;
        float[] rented = ArrayPool<float>.Shared.Rent(2 * g.Length);
        try
        {
            Span<float> target = rented.AsSpan(0, g.Length);
            Span<float> sent = rented.AsSpan(g.Length, g.Length);
            double norm = _feedback.Target(g, memory, target);
            if (!double.IsFinite(norm))
            {
                return (0, result with { IsFinite = false });
            }

            int length = isFresh && _settings.DenseStart && _spec.TracksEstimates
                ? _compressor.WriteDense(target, frame)
                : _compressor.Compress(target, draw, frame);
            Frames.Decode(frame, sent);
            if (!nextState.IsEmpty)
            {
                nextState[0] = draw.Round;
                _masked?.WriteHeader(nextState[1..]);
            }

            FeedbackSums sums = _feedback.Next(g, memory, target, sent, nextState.IsEmpty ? nextState : nextState[(1 + HeaderLength)..]);
            return (length, result with
            {
                Contraction = norm == 0 ? 1 : 1 - (sums.Lost / norm),
                ErrorNorm = Math.Sqrt(sums.Owed),
                Saturated = SaturatedIn(target),
                IsFinite = sums.IsFinite,
            });
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private long SaturatedIn(ReadOnlySpan<float> target)
    {
        long count = 0;
        if (_spec.Kind == CompressorKind.Half)
        {
            foreach (float value in target)
            {
                count += Math.Abs(value) > (float)Half.MaxValue ? 1 : 0;
            }
        }

        return count;
    }
}
