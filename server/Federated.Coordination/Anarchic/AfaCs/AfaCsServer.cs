using System.Numerics.Tensors;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Anarchic.AfaCs;

/// <summary>
/// AFA-CS (Yang et al. 2022), convention D: the buffer's updates take the place of their workers' earlier ones, and x ← x + η mean over all M workers of the last Δ_i / K_i.
/// </summary>
internal sealed class AfaCsServer : AnarchicServer
{
    private readonly AbsentWorkers _absent;
    private readonly int _population;
    private readonly long _mostWorkers;
    private readonly long _stateBudget;
    private readonly WorkerMemory _memory;
    private readonly SortedSet<uint> _left = [];
    private int _expected;

    public AfaCsServer(JobDefinition job, ModelSchema schema, AnarchicOptions options, AbsentWorkers absent, long mostWorkers, long stateBudget)
        : base(job, schema, options)
    {
        _absent = absent;
        _population = job.Round.Population;
        _mostWorkers = mostWorkers;
        _stateBudget = stateBudget;
        _memory = new WorkerMemory(schema.ParameterCount);
        _expected = _population;
    }

    /// <summary>Never more than there are workers: a buffer has each of them once.</summary>
    public override int Goal => _expected > 0 ? Math.Min(base.Goal, _expected) : base.Goal;

    public override long StateBudget => _stateBudget;

    protected override bool NormalisesSteps => true;

    public override void Leave(uint clientIndex)
    {
        if (Buffer.Find(clientIndex) is { } arrival)
        {
            Buffer.Discard(arrival);
        }

        _memory.Evict(clientIndex);
        // Whoever was never seen is missed no more either; only once, however often it is said.
        if (_left.Add(clientIndex))
        {
            _expected = Math.Max(0, _expected - 1);
        }
    }

    protected override bool IsSuperseded(in AnarchicUpdate update) => update.PulledVersion < _memory.PulledVersionOf(update.ClientIndex);

    protected override bool IsFull(uint clientIndex) =>
        !_memory.Has(clientIndex) && _memory.Count + Buffer.Arrivals.Count(arrival => !_memory.Has(arrival.ClientIndex) && arrival.ClientIndex != clientIndex) >= _mostWorkers;

    protected override string? Direct(IReadOnlyList<Arrival> arrivals, ReadOnlySpan<float> parameters, Span<float> direction)
    {
        foreach (Arrival arrival in arrivals)
        {
            if (arrival.Weight != 1)
            {
                TensorPrimitives.Multiply(arrival.Vector, (float)arrival.Weight, arrival.Vector);
            }

            bool returns = _left.Remove(arrival.ClientIndex);
            arrival.Vector = _memory.Put(arrival.ClientIndex, arrival.Vector, arrival.PulledVersion) ?? new float[Length];
            _expected = Math.Max(_expected + (returns ? 1 : 0), _memory.Count);
        }

        if (_absent == AbsentWorkers.Wait && _memory.Count < _expected)
        {
            return $"{_memory.Count} of {_expected} workers were seen; the model waits for all of them.";
        }

        _memory.Mean(_absent == AbsentWorkers.ZeroFill ? _expected : _memory.Count, direction);
        return null;
    }

    protected override void Save(AlgorithmState state)
    {
        state.Add<int>("expected", [_expected]);
        state.Add<uint>("left", [.. _left]);
        _memory.Save(state);
    }

    protected override void Load(AlgorithmState state)
    {
        _expected = state.Read<int>("expected")[0];
        _left.UnionWith(state.Read<uint>("left"));
        _memory.Load(state);
    }

    protected override void Reset()
    {
        _expected = _population;
        _left.Clear();
        _memory.Clear(Length);
    }

    protected override void Remap(MaskRemap remap) => _memory.Remap(remap);
}
