using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Rounds;
using Federated.Simulation.Devices;

namespace Federated.Simulation.Engine;

/// <summary>Who checks in for a round, and who of them is picked. Time passes while too few devices are there.</summary>
internal sealed class CheckIns
{
    private const int ScannedClients = 4096, PoolFactor = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromDays(30);

    private readonly JobDefinition _job;
    private readonly ISelectionStrategy _selection;
    private readonly DeviceFleet? _fleet;
    private readonly uint[] _all;

    public CheckIns(JobDefinition job, int clients, ISelectionStrategy selection, DeviceFleet? fleet)
    {
        _job = job;
        _selection = selection;
        _fleet = fleet;
        _all = new uint[clients];
        for (uint i = 0; i < clients; i++)
        {
            _all[i] = i;
        }
    }

    /// <summary>The clients of a round, in ascending order: as many as its target, or at least its minimum when the selection time has passed.</summary>
    public uint[] For(RoundKey key, RoundTerms terms, VirtualClock clock)
    {
        int target = Math.Min(terms.Target, _all.Length);
        DateTimeOffset began = clock.Now;
        uint[] pool = Pool(key, target, clock.Now);
        while (pool.Length < target && (pool.Length < terms.Minimum || clock.Now - began < TimeSpan.FromSeconds(_job.Round.SelectionSeconds)))
        {
            if (clock.Now - began > Patience)
            {
                throw new SimulationException($"round {key.Round}: {pool.Length} devices are there at once, and {terms.Minimum} are needed; give more clients or other --devices.");
            }

            clock.Advance(Pause);
            pool = Pool(key, target, clock.Now);
        }

        int[] chosen = _selection.Select(key, 0, pool, Math.Min(target, pool.Length));
        return [.. chosen.Select(position => pool[position])];
    }

    private uint[] Pool(RoundKey key, int target, DateTimeOffset now)
    {
        if (_fleet is not { AlwaysThere: false } fleet)
        {
            return _all;
        }

        double seconds = VirtualClock.Seconds(now);
        if (_all.Length <= ScannedClients)
        {
            return [.. _all.Where(client => fleet.IsThere(client, seconds))];
        }

        // To ask everybody would cost more than a small client's training.
        var random = new CounterRandom(_job.Seed, RandomPurpose.Devices, uint.MaxValue, (uint)key.Round, (uint)(seconds / Pause.TotalSeconds));
        var there = new SortedSet<uint>();
        for (int tries = 0; tries < PoolFactor * PoolFactor * target && there.Count < Math.Min(PoolFactor * target, _all.Length); tries++)
        {
            uint client = (uint)random.NextInt(_all.Length);
            if (fleet.IsThere(client, seconds))
            {
                there.Add(client);
            }
        }

        return [.. there];
    }
}
