using Federated.Client.OneByte.Peers;
using Federated.Numerics;
using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Client.OneByte.Peers;

/// <summary>Members over a network that delays, loses and reorders, in virtual time: whatever happens, nobody ever has another log.</summary>
public sealed class PeerProtocolTests
{
    private const uint Rounds = 40;

    private static readonly OneByteSettings Settings = new(new byte[16], new byte[32], new byte[32], LearningRate: 10995116278) { Directions = 2 };

    [Fact]
    public void Run_NobodyFails_EveryRecordHasEverybodyAndEverybodyTakesTurns()
    {
        var world = new World(members: 4, seed: 1, loss: 0);

        world.Run();

        Assert.All(world.Members, member => Assert.Equal(Rounds, member.Machine.Round));
        Assert.Single(world.Hashes);
        Assert.All(world.Members, member => Assert.All(member.Records, record => Assert.Equal(4, record.Machines.Length)));
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal((int)Rounds / 4, world.Members[i].Proposed));
        Assert.All(world.Members, member => Assert.True(member.Protocol.IsConfirmed));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_AnyMemberStopsInTheMiddle_OthersGoOnWithoutIt(int victim)
    {
        var world = new World(members: 4, seed: 2, loss: 0);
        world.StopAt(victim, round: 13);

        world.Run();

        Assert.All(world.Living, member => Assert.Equal(Rounds, member.Machine.Round));
        Assert.Single(world.Hashes);
        Assert.Equal(3, world.Living.First().Records[^1].Machines.Length);
    }

    [Fact]
    public void Run_LessThanAQuorum_MakesNoRecord()
    {
        var world = new World(members: 4, seed: 3, loss: 0);
        world.StopAt(0, round: 5);
        world.StopAt(1, round: 5);

        world.Run(mostSteps: 3_000);

        Assert.All(world.Living, member => Assert.InRange(member.Machine.Round, 5u, 6u));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    public void Run_MessagesAreLostAndAMemberComesLateAndOneStops_LogsNeverDiffer(ulong seed)
    {
        var world = new World(members: 5, seed, loss: 0.05, window: 8);
        world.StartAt(4, time: 200);
        world.StopAt((int)(seed % 4), round: 20);

        world.Run();

        Assert.All(world.Living, member => Assert.Equal(Rounds, member.Machine.Round));
        Assert.Single(world.Hashes);
    }

    [Fact]
    public void Receive_FromAStrangerOrInAnothersTurn_IsIgnored()
    {
        var machine = new OneByteMachine(Settings, [8], new long[8]);
        var protocol = new PeerProtocol(machine, 1, [0, 1, 2], Rounds, 64, new PeerTimes(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), DateTimeOffset.UnixEpoch);
        while (protocol.TryTake(out _, out _))
        {
        }

        RoundCommitment record = RoundCommitment.Of(0, machine.Previous, [], 2);
        protocol.Receive(9, new PeerMessage.Commit(record), DateTimeOffset.UnixEpoch);
        protocol.Receive(2, new PeerMessage.Propose(0, record), DateTimeOffset.UnixEpoch);

        Assert.Equal(0u, machine.Round);
        Assert.False(protocol.TryTake(out _, out _));
    }

    private sealed class Member(OneByteMachine machine, PeerProtocol protocol)
    {
        public OneByteMachine Machine => machine;

        public PeerProtocol Protocol => protocol;

        public List<RoundCommitment> Records { get; } = [];

        public int Proposed { get; set; }

        public double StartsAt { get; set; }

        public uint StopsAt { get; set; } = uint.MaxValue;

        public bool IsStopped { get; set; }
    }

    private sealed class World
    {
        private readonly CounterRandom _random;
        private readonly double _loss;
        private readonly PriorityQueue<(int From, int To, PeerMessage? Message), double> _events = new();
        private readonly Dictionary<uint, byte[]> _log = [];
        private double _now;

        public World(int members, ulong seed, double loss, uint window = 16)
        {
            _random = new CounterRandom(seed, RandomPurpose.Test);
            _loss = loss;
            uint[] numbers = [.. Enumerable.Range(0, members).Select(i => (uint)i)];
            Members = [.. numbers.Select(number =>
            {
                var machine = new OneByteMachine(Settings, [8], new long[8]);
                return new Member(machine, new PeerProtocol(
                    machine, number, numbers, Rounds, window, new PeerTimes(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100)), Time(0)));
            })];
        }

        public List<Member> Members { get; }

        public IEnumerable<Member> Living => Members.Where(member => !member.IsStopped);

        public IEnumerable<string> Hashes => Living.Select(member => Convert.ToHexStringLower(member.Machine.StateHash())).Distinct();

        public void StopAt(int member, uint round) => Members[member].StopsAt = round;

        public void StartAt(int member, double time) => Members[member].StartsAt = time;

        public void Run(int mostSteps = 100_000)
        {
            for (int i = 0; i < Members.Count; i++)
            {
                _events.Enqueue((i, i, null), Members[i].StartsAt);
            }

            for (int step = 0; step < mostSteps && !Living.All(member => member.Protocol.IsConfirmed) && _events.TryDequeue(out var next, out _now); step++)
            {
                Member member = Members[next.To];
                if (member.IsStopped || _now < member.StartsAt)
                {
                    continue;
                }

                if (next.Message is null)
                {
                    member.Protocol.Tick(Time(_now));
                    _events.Enqueue((next.To, next.To, null), _now + 10);
                }
                else
                {
                    uint before = member.Machine.Round;
                    member.Protocol.Receive((uint)next.From, next.Message, Time(_now));
                    Check(member, before, next.Message);
                }

                Work(next.To, member);
            }
        }

        private void Work(int number, Member member)
        {
            if (member.Machine.Round >= member.StopsAt)
            {
                // Some of what it wanted to say has left, some has not.
                member.IsStopped = true;
            }

            if (member.Protocol.WantsGradients && !member.IsStopped)
            {
                member.Protocol.Measured(member.Machine.Round, new byte[] { (byte)(0x30 + number), (byte)(0xA0 + (member.Machine.Round % 16)) }, Time(_now));
            }

            while (member.Protocol.TryTake(out PeerMessage? message, out uint to))
            {
                member.Proposed += message is PeerMessage.Propose && to == (number == 0 ? 1u : 0u) ? 1 : 0;
                bool isLost = _random.NextDouble() < (member.IsStopped ? 0.5 : _loss);
                if (!isLost)
                {
                    _events.Enqueue((number, (int)to, PeerCodec.Read(PeerCodec.Write(message))), _now + 1 + (5 * _random.NextDouble()));
                }
            }
        }

        /// <summary>The log is one: whoever applies a record of a round applies the same bytes.</summary>
        private void Check(Member member, uint before, PeerMessage message)
        {
            RoundCommitment? applied = message is PeerMessage.Commit(var record) && member.Machine.Round == before + 1 && record.Round == before ? record : null;
            if (applied is not null)
            {
                member.Records.Add(applied);
                Assert.Equal(_log.TryAdd(before, applied.ToBytes()) ? applied.ToBytes() : _log[before], applied.ToBytes());
            }
        }

        private static DateTimeOffset Time(double milliseconds) => DateTimeOffset.UnixEpoch.AddMilliseconds(milliseconds);
    }
}
