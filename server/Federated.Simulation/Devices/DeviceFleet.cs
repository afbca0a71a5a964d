using Federated.Numerics;

namespace Federated.Simulation.Devices;

/// <summary>
/// The devices behind the clients. Everything about a device follows from the seed and the client's number when it is asked for, so that a registered client takes no memory.
/// </summary>
internal sealed class DeviceFleet
{
    private const uint Nature = uint.MaxValue;

    private readonly IReadOnlyList<DeviceClass> _classes;
    private readonly double[] _shares;
    private readonly ulong _seed;
    private readonly double _dropOut;

    /// <param name="profile">The classes.</param>
    /// <param name="seed">Decides who is of which.</param>
    /// <param name="dropOut">Probability that a task is lost besides that of the class.</param>
    public DeviceFleet(DeviceProfile profile, ulong seed, double dropOut)
    {
        _classes = profile.Classes;
        _seed = seed;
        _dropOut = dropOut;
        double sum = 0, all = profile.Classes.Sum(kind => kind.Share);
        _shares = [.. profile.Classes.Select(kind => (sum += kind.Share) / all)];
        MostActivity = profile.Classes.Max(kind => kind.Activity);
        AlwaysThere = profile.Classes.All(kind => kind.PeriodSeconds == 0);
    }

    /// <summary>The activity of the most active class.</summary>
    public double MostActivity { get; }

    /// <summary>Whether no device is ever away.</summary>
    public bool AlwaysThere { get; }

    public DeviceClass ClassOf(uint client) => NatureOf(client, out _);

    public bool IsThere(uint client, double seconds) => AlwaysThere || ThereUntil(client, seconds) > seconds;

    /// <summary>What becomes of a task that begins now.</summary>
    /// <param name="client">The device's client.</param>
    /// <param name="turn">Number of the client's task, which addresses the draws.</param>
    /// <param name="now">Simulated second.</param>
    /// <param name="planned">Steps that the job asks for.</param>
    /// <param name="down">Bytes to download.</param>
    /// <param name="up">Bytes to upload.</param>
    public DeviceTask Begin(uint client, uint turn, double now, int planned, long down, long up)
    {
        DeviceClass kind = NatureOf(client, out CounterRandom nature);
        double speed = kind.Spread == 0 ? kind.StepsPerSecond : kind.StepsPerSecond * Math.Exp(kind.Spread * nature.NextGaussian());
        var draw = new CounterRandom(_seed, RandomPurpose.Devices, client, turn);
        double effort = kind.LeastEffort + (draw.NextDouble() * (kind.MostEffort - kind.LeastEffort));
        int steps = planned == 0 ? 0 : Math.Max(1, (int)Math.Round(planned * effort));
        double ends = now + Transfer(down, kind.DownBytesPerSecond) + (steps / speed) + Transfer(up, kind.UpBytesPerSecond);
        bool drops = draw.NextDouble() < 1 - ((1 - kind.DropOut) * (1 - _dropOut));
        double when = draw.NextDouble();
        double leaves = AlwaysThere ? double.PositiveInfinity : ThereUntil(client, now);
        if (drops && now + (when * (ends - now)) < leaves)
        {
            return new DeviceTask(steps, now + (when * (ends - now)), "The client vanished in the middle of its work.");
        }

        return leaves < ends
            ? new DeviceTask(steps, leaves, FormattableString.Invariant($"The device went away {leaves - now:0.0} s after it had begun; it would have needed {ends - now:0.0} s."))
            : new DeviceTask(steps, ends, null);
    }

    /// <summary>The second at which a device that is there goes away; not later than now when it is away.</summary>
    private double ThereUntil(uint client, double seconds)
    {
        DeviceClass kind = NatureOf(client, out CounterRandom nature);
        if (kind.PeriodSeconds == 0)
        {
            return double.PositiveInfinity;
        }

        nature.NextGaussian();
        double at = (seconds + (nature.NextDouble() * kind.PeriodSeconds)) % kind.PeriodSeconds;
        int index = 0;
        while (index < kind.On.Count && !(at >= kind.On[index][0] && at < kind.On[index][1]))
        {
            index++;
        }

        if (index == kind.On.Count)
        {
            return seconds;
        }

        // Intervals that touch are one, also over the end of a period.
        double left = kind.On[index][1] - at;
        for (int joined = 0; joined < kind.On.Count; joined++)
        {
            double[] next = kind.On[(index + 1) % kind.On.Count];
            if (next[0] != kind.On[index][1] % kind.PeriodSeconds)
            {
                return seconds + left;
            }

            left += next[1] - next[0];
            index = (index + 1) % kind.On.Count;
        }

        return double.PositiveInfinity;
    }

    private DeviceClass NatureOf(uint client, out CounterRandom nature)
    {
        nature = new CounterRandom(_seed, RandomPurpose.Devices, client, Nature);
        double draw = nature.NextDouble();
        int index = 0;
        while (index < _shares.Length - 1 && draw >= _shares[index])
        {
            index++;
        }

        return _classes[index];
    }

    private static double Transfer(long bytes, double bytesPerSecond) => bytesPerSecond == 0 ? 0 : bytes / bytesPerSecond;
}
