using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Gram;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Functions;

/// <summary>
/// The inner products of a round whose rule judges by them. They grow while updates arrive: a worker adds what waits and computes its columns against
/// the updates that are there, so that a round which closes has only its coefficients and its weighted sum to make. When that fails, the round computes them at its end.
/// </summary>
/// <param name="node">Workers of the node.</param>
/// <param name="sections">Sections of the round's updates.</param>
/// <param name="growing">Positions of those whose inner products grow.</param>
internal sealed partial class RoundColumns(NodeFunctions node, ImmutableArray<SectionSpec> sections, ImmutableArray<int> growing)
{
    private readonly Lock _gate = new();
    private readonly Queue<LeafInput> _waiting = new();
    private readonly Dictionary<int, GrowingGram> _grams = growing.ToDictionary(number => number, _ => new GrowingGram());
    private readonly Dictionary<(int Section, string AssignmentId), int> _columns = [];
    private readonly Dictionary<int, int> _centres = [];
    private TaskCompletionSource? _quiet;
    private bool _isRunning;
    private bool _isSpoiled;

    /// <summary>Adds the last aggregate of a section, where the rule starts. Before the first update.</summary>
    public void Start(int section, ReadOnlyMemory<float> centre)
    {
        _centres.Add(section, _grams[section].Count);
        _grams[section].Add(centre);
    }

    /// <summary>Hands an update over; it stays readable until <see cref="QuietAsync"/> has ended.</summary>
    public void Offer(LeafInput input)
    {
        lock (_gate)
        {
            _waiting.Enqueue(input);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        node.Workers.Run(Turn);
    }

    /// <summary>Ends when nothing waits and no worker reads updates. Whoever awaits it offers nothing meanwhile.</summary>
    public Task QuietAsync()
    {
        lock (_gate)
        {
            if (!_isRunning)
            {
                return Task.CompletedTask;
            }

            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _quiet.Task;
        }
    }

    /// <summary>The inner products of a section, when it is quiet.</summary>
    /// <param name="section">Position of the section.</param>
    /// <param name="updates">The updates that carry it, in any order.</param>
    /// <returns>The matrix in the order of the updates, with the centre behind them where there is one; null when they have to be computed from the updates.</returns>
    public GramMatrix? Products(int section, IEnumerable<LeafInput> updates)
    {
        if (_isSpoiled || !_grams.TryGetValue(section, out GrowingGram? gram))
        {
            return null;
        }

        IEnumerable<int> columns = updates.Select(input => _columns[(section, input.Update.AssignmentId)]);
        return gram.Matrix().Select(_centres.TryGetValue(section, out int centre) ? [.. columns, centre] : [.. columns]);
    }

    private void Turn()
    {
        while (true)
        {
            LeafInput[] batch;
            lock (_gate)
            {
                batch = [.. _waiting];
                _waiting.Clear();
                if (batch.Length == 0)
                {
                    _isRunning = false;
                    _quiet?.TrySetResult();
                    _quiet = null;
                    return;
                }
            }

            try
            {
                Add(batch);
            }
            catch (Exception exception)
            {
                _isSpoiled = true;
                LogSpoiled(node.Logger, exception);
            }
        }
    }

    private void Add(LeafInput[] batch)
    {
        foreach ((int section, GrowingGram gram) in _isSpoiled ? [] : _grams)
        {
            foreach (LeafInput input in batch)
            {
                var update = new RetainedUpdate(input.Payload.Memory, input.Update.Weight, input.Sections);
                if (SectionBytes.Carries(update, section))
                {
                    _columns.Add((section, input.Update.AssignmentId), gram.Count);
                    gram.Add(FloatMemory.Of(SectionBytes.Of(sections, update, section)));
                }
            }

            gram.Grow();
        }
    }

    [LoggerMessage(1403, LogLevel.Error, "Inner products of a round could not be computed while its updates arrive; they are computed when it closes", EventName = "ColumnsSpoiled")]
    private static partial void LogSpoiled(ILogger logger, Exception exception);
}
