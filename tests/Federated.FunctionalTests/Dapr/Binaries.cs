namespace Federated.FunctionalTests.Dapr;

/// <summary>Programs of the machine.</summary>
internal static class Binaries
{
    /// <summary>The full path of a program on the PATH; null when it is not there.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
