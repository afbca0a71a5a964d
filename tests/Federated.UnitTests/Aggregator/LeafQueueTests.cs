using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

public sealed class LeafQueueTests
{
    private readonly LeafQueue _queue = new();

    [Fact]
    public void Offer_WhileAnotherSums_LeavesTheUpdateToTheSummer()
    {
        Assert.True(_queue.Offer(Input(0)));
        Assert.False(_queue.Offer(Input(1)));

        Assert.Equal(["a0", "a1"], _queue.Take().Select(input => input.Update.AssignmentId));
        Assert.False(_queue.Offer(Input(2)));
        Assert.Equal(["a2"], _queue.Take().Select(input => input.Update.AssignmentId));
        Assert.Empty(_queue.Take());
        Assert.True(_queue.Offer(Input(3)));
    }

    [Fact]
    public void Take_MoreThanABatch_ComesInBatches()
    {
        for (int i = 0; i < LeafQueue.MostAtOnce + 3; i++)
        {
            _queue.Offer(Input(i));
        }

        Assert.Equal(LeafQueue.MostAtOnce, _queue.Take().Length);
        Assert.Equal(3, _queue.Take().Length);
    }

    private static LeafInput Input(int i) => new(
        new UpdateCommitted(new RoundKey("default", "job", 1, TaskKind.Train), $"a{i}", "d", "n", "00", 0, 0, 1, 1, 0, 0, 0),
        new StoredPayload([]));
}
