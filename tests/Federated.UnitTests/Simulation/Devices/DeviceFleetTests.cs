using Federated.Simulation;
using Federated.Simulation.Devices;

namespace Federated.UnitTests.Simulation.Devices;

public sealed class DeviceFleetTests
{
    [Fact]
    public void ClassOf_ManyClients_FollowsTheShares()
    {
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", Share = 1 }, new DeviceClass { Name = "b", Share = 3 });

        double share = Enumerable.Range(0, 10_000).Count(client => fleet.ClassOf((uint)client).Name == "b") / 10_000.0;

        Assert.Equal(0.75, share, 0.02);
    }

    [Fact]
    public void Begin_FixedSpeed_AddsTransfersAndSteps()
    {
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", StepsPerSecond = 4, DownBytesPerSecond = 100, UpBytesPerSecond = 50 });

        DeviceTask task = fleet.Begin(client: 3, turn: 1, now: 10, planned: 20, down: 1000, up: 100);

        Assert.Equal(new DeviceTask(20, 10 + 10 + 5 + 2, null), task);
    }

    [Fact]
    public void Begin_Effort_IsDrawnAnewForEachTaskBetweenItsEnds()
    {
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", LeastEffort = 0.5, MostEffort = 2 });

        int[] steps = [.. Enumerable.Range(0, 2000).Select(turn => fleet.Begin(7, (uint)turn, 0, 100, 0, 0).Steps)];

        Assert.InRange(steps.Min(), 50, 55);
        Assert.InRange(steps.Max(), 195, 200);
        Assert.Equal(125, steps.Average(), 3.0);
    }

    [Fact]
    public void Begin_Spread_IsOfTheDeviceAndNotOfTheTask()
    {
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", Spread = 0.5 });

        Assert.Equal(fleet.Begin(1, 0, 0, 100, 0, 0).Ends, fleet.Begin(1, 5, 0, 100, 0, 0).Ends, 1e-9);
        double[] logs = [.. Enumerable.Range(0, 4000).Select(client => Math.Log(fleet.Begin((uint)client, 0, 0, 100, 0, 0).Ends / 10))];
        Assert.Equal(0, logs.Average(), 0.03);
        Assert.Equal(0.5, Math.Sqrt(logs.Average(log => log * log)), 0.03);
    }

    [Fact]
    public void Begin_DropOut_LosesItsShareOnTheWay()
    {
        var fleet = new DeviceFleet(new DeviceProfile { Name = "x", Classes = [new DeviceClass { Name = "a", DropOut = 0.2 }] }, seed: 1, dropOut: 0.5);

        DeviceTask[] tasks = [.. Enumerable.Range(0, 4000).Select(turn => fleet.Begin(1, (uint)turn, 0, 100, 0, 0))];

        // Both must spare a task: 0.8 · 0.5.
        Assert.Equal(0.6, tasks.Count(task => task.Lost is not null) / 4000.0, 0.03);
        Assert.All(tasks.Where(task => task.Lost is not null), task => Assert.InRange(task.Ends, 0, 10));
    }

    [Fact]
    public void IsThere_Intervals_AreThatShareOfTheTimeEachDeviceAtItsOwn()
    {
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", PeriodSeconds = 100, On = [[10, 30], [50, 60]] });

        double share = Enumerable.Range(0, 3000).Count(client => fleet.IsThere((uint)client, 1234)) / 3000.0;
        bool[] one = [.. Enumerable.Range(0, 1000).Select(i => fleet.IsThere(5, i * 0.2))];

        Assert.Equal(0.3, share, 0.03);
        Assert.Equal(0.3, one.Count(there => there) / 1000.0, 0.02);
        Assert.Equal(one[..500], one[500..]);
    }

    [Fact]
    public void Begin_DeviceThatGoesAway_IsLostThen()
    {
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", StepsPerSecond = 1, PeriodSeconds = 100, On = [[0, 40]] });
        double now = Enumerable.Range(0, 1000).Select(i => i * 0.1).First(at => fleet.IsThere(2, at) && !fleet.IsThere(2, at - 0.1));

        DeviceTask works = fleet.Begin(2, 0, now, planned: 30, 0, 0), lost = fleet.Begin(2, 0, now, planned: 50, 0, 0);

        Assert.Null(works.Lost);
        Assert.Contains("went away", lost.Lost, StringComparison.Ordinal);
        Assert.Equal(now + 40, lost.Ends, 0.11);
    }

    [Fact]
    public void Begin_IntervalsThatTouch_AreOneStay()
    {
        // There for 50 of 100 seconds: 20 at the end of a period, 10 and 20 at the beginning of the next.
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", StepsPerSecond = 1, PeriodSeconds = 100, On = [[0, 10], [10, 30], [80, 100]] });
        double comes = Enumerable.Range(0, 2000).Select(i => i * 0.1).First(at => fleet.IsThere(2, at) && !fleet.IsThere(2, at - 0.1));

        DeviceTask works = fleet.Begin(2, 0, comes, planned: 49, 0, 0), lost = fleet.Begin(2, 0, comes, planned: 60, 0, 0);

        Assert.Null(works.Lost);
        Assert.Equal(comes + 50, lost.Ends, 0.11);
    }

    [Fact]
    public void Begin_IntervalsOfTheWholePeriod_NeverGoesAway()
    {
        DeviceFleet fleet = Fleet(new DeviceClass { Name = "a", StepsPerSecond = 1, PeriodSeconds = 100, On = [[0, 40], [40, 100]] });

        Assert.All(Enumerable.Range(0, 20), client => Assert.Null(fleet.Begin((uint)client, 0, 17, planned: 1000, 0, 0).Lost));
    }

    [Theory]
    [InlineData("""{ "name": "x", "classes": [ null ] }""", "classes[0]")]
    [InlineData("""{ "name": "x", "classes": [ { "name": "a", "on": null } ] }""", "on:")]
    [InlineData("""{ "name": "x", "classes": [ { "name": "a", "periodSeconds": 10, "on": [ null ] } ] }""", "on:")]
    public void Find_FileWithNull_IsRefused(string json, string named)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, json);

            Assert.Contains(named, Assert.Throws<SimulationException>(() => DeviceProfile.Find(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Find_File_IsReadAndItsMistakesAreNamed()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{ "name": "two", "classes": [ { "name": "a" }, { "name": "b", "stepsPerSecond": 0 } ] }""");
            Assert.Contains("classes[1] 'b': stepsPerSecond", Assert.Throws<SimulationException>(() => DeviceProfile.Find(path)).Message, StringComparison.Ordinal);

            File.WriteAllText(path, DeviceProfile.BuiltIn[1].ToJson());
            Assert.Equal(DeviceProfile.BuiltIn[1].ToJson(), DeviceProfile.Find(path).ToJson());

            File.WriteAllText(path, """{ "name": "x", "classes": [ { "name": "a", "speed": 3 } ] }""");
            Assert.Contains("speed", Assert.Throws<SimulationException>(() => DeviceProfile.Find(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Find_UnknownName_ListsTheBuiltIn() =>
        Assert.Contains("uniform, phones, mixed", Assert.Throws<SimulationException>(() => DeviceProfile.Find("toasters")).Message, StringComparison.Ordinal);

    private static DeviceFleet Fleet(params DeviceClass[] classes)
    {
        var profile = new DeviceProfile { Name = "test", Classes = classes };
        Assert.Null(profile.Fault());
        return new DeviceFleet(profile, seed: 11, dropOut: 0);
    }
}
