using System.Text.Json;

namespace Federated.Simulation.Devices;

/// <summary>The devices of a simulation: their classes. Built in by name, or read from a JSON file of the same members.</summary>
public sealed record DeviceProfile
{
    /// <summary>The name, or the file's path.</summary>
    public required string Name { get; set; }

    /// <summary>What it stands for, in one line.</summary>
    public string Summary { get; set; } = "";

    /// <summary>At least one.</summary>
    public required IReadOnlyList<DeviceClass> Classes { get; set; }

    /// <summary>The built-in profiles. Their figures are round numbers of our own, not measurements.</summary>
    public static IReadOnlyList<DeviceProfile> BuiltIn { get; } =
    [
        new()
        {
            Name = "uniform",
            Summary = "all alike: 10 steps a second, always there, transfers take no time",
            Classes = [new DeviceClass { Name = "device" }],
        },
        new()
        {
            Name = "phones",
            Summary = "three speeds of phones on mobile networks, there for 8 of 24 hours, 5 of 100 tasks are lost",
            Classes =
            [
                new DeviceClass { Name = "fast", Share = 2, StepsPerSecond = 20, Spread = 0.3, DownBytesPerSecond = 5e6, UpBytesPerSecond = 1e6, DropOut = 0.05, PeriodSeconds = 86_400, On = [[0, 28_800]] },
                new DeviceClass { Name = "middle", Share = 5, StepsPerSecond = 8, Spread = 0.3, DownBytesPerSecond = 2e6, UpBytesPerSecond = 5e5, DropOut = 0.05, PeriodSeconds = 86_400, On = [[0, 28_800]] },
                new DeviceClass { Name = "slow", Share = 3, StepsPerSecond = 2, Spread = 0.5, DownBytesPerSecond = 5e5, UpBytesPerSecond = 1e5, DropOut = 0.05, PeriodSeconds = 86_400, On = [[0, 28_800]] },
            ],
        },
        new()
        {
            Name = "mixed",
            Summary = "servers, desktops and phones; the slower do fewer steps and offer themselves less often",
            Classes =
            [
                new DeviceClass { Name = "server", Share = 1, StepsPerSecond = 100, Spread = 0.1, DownBytesPerSecond = 1e8, UpBytesPerSecond = 1e8, LeastEffort = 1, MostEffort = 2, Activity = 10 },
                new DeviceClass { Name = "desktop", Share = 4, StepsPerSecond = 20, Spread = 0.3, DownBytesPerSecond = 1e7, UpBytesPerSecond = 2e6, LeastEffort = 0.5, MostEffort = 1.5, Activity = 3 },
                new DeviceClass { Name = "phone", Share = 5, StepsPerSecond = 3, Spread = 0.5, DownBytesPerSecond = 1e6, UpBytesPerSecond = 2e5, DropOut = 0.1, LeastEffort = 0.1, MostEffort = 1 },
            ],
        },
    ];

    /// <summary>A built-in profile, or the one of a file.</summary>
    /// <param name="text">Its name or path.</param>
    /// <exception cref="SimulationException">There is no such name and no such file, or the file is malformed.</exception>
    public static DeviceProfile Find(string text)
    {
        if (BuiltIn.FirstOrDefault(profile => profile.Name == text) is { } found)
        {
            return found;
        }

        if (!File.Exists(text))
        {
            throw new SimulationException($"devices '{text}': there is no such file, and the built-in profiles are {string.Join(", ", BuiltIn.Select(profile => profile.Name))}.");
        }

        try
        {
            DeviceProfile profile = JsonSerializer.Deserialize(File.ReadAllBytes(text), DeviceJson.Default.DeviceProfile)
                ?? throw new SimulationException($"{text}: expected a device profile, found null.");
            return profile.Fault() is { } fault ? throw new SimulationException($"{text}: {fault}") : profile;
        }
        catch (JsonException exception)
        {
            throw new SimulationException($"{text}, line {(exception.LineNumber ?? 0) + 1}: expected a device profile: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{text}: cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The profile as a file holds it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, DeviceJson.Default.DeviceProfile);

    /// <summary>What is wrong with it; null when nothing is.</summary>
    internal string? Fault()
    {
        if (Classes is not { Count: >= 1 })
        {
            return "classes: expected at least one.";
        }

        return Classes.Select((kind, i) => kind is null ? FormattableString.Invariant($"classes[{i}]: expected a class, found null.")
            : kind.Fault() is { } fault ? FormattableString.Invariant($"classes[{i}] '{kind.Name}': {fault}")
            : null).FirstOrDefault(fault => fault is not null);
    }
}
