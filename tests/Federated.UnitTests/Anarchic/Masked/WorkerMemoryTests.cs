using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic.AfaCs;
using Federated.Numerics;
using Federated.Protocol.Pruning;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Anarchic.Masked;

public sealed class WorkerMemoryTests
{
    [Fact]
    public void Remap_AnySequenceOfMasks_LeavesTheSumThatOfTheEntries()
    {
        var random = new CounterRandom(3, RandomPurpose.Test);
        ModelMask mask = PruningModels.Mask(PruningModels.Small, 0.3, 0);
        var memory = new WorkerMemory(mask.PackedCount);
        var entries = new Dictionary<uint, float[]>();
        for (uint step = 1; step < 300; step++)
        {
            uint client = (uint)random.NextInt(9);
            switch (random.NextInt(4))
            {
                case 0:
                    ModelMask next = PruningModels.Mask(PruningModels.Small, 0.05 + (0.9 * random.NextDouble()), step, mask.Epoch + 1);
                    var remap = MaskRemap.Between(mask, next);
                    memory.Remap(remap);
                    foreach (uint known in entries.Keys.ToArray())
                    {
                        entries[known] = remap.Map<float>(entries[known]);
                    }

                    mask = next;
                    break;
                case 1:
                    Assert.Equal(entries.Remove(client), memory.Evict(client));
                    break;
                default:
                    // Multiples of 2^-10: sums of them are exact in double precision, so that the law holds exactly.
                    float[] vector = [.. PruningModels.Gaussian(mask.PackedCount, step).Select(value => MathF.Round(value * 1024) / 1024)];
                    memory.Put(client, [.. vector], step);
                    entries[client] = vector;
                    break;
            }

            Assert.Equal(Enumerable.Range(0, mask.PackedCount).Select(i => entries.Values.Sum(vector => (double)vector[i])), memory.Sum.ToArray());
        }

        var state = new AlgorithmState("test");
        memory.Save(state);
        var other = new WorkerMemory(mask.PackedCount);
        other.Load(state);
        Assert.Equal(memory.Sum.ToArray(), other.Sum.ToArray());
        Assert.Equal(entries.Count, other.Count);
    }
}
