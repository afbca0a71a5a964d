namespace Federated.Coordination.Jobs;

/// <summary>Compares SDK versions of the form "major.minor.patch"; a pre-release suffix behind a hyphen is ignored.</summary>
internal static class SdkVersions
{
    public static bool IsAtLeast(string version, string minimum) =>
        Version.TryParse(version.Split('-')[0], out Version? actual) && actual >= Version.Parse(minimum);
}
