using Federated.Coordination.Jobs;
using Microsoft.Extensions.Options;

namespace Federated.Server.Devices;

/// <summary>Judges the SDK versions that devices name.</summary>
internal sealed class SdkVersions(IOptions<CoordinationOptions> options)
{
    public string Minimum => options.Value.MinimumSdkVersion;

    public static bool IsWellFormed(string version)
    {
        return Version.TryParse(version.Split('-')[0], out var parsed) && parsed.Build >= 0 && parsed.Revision < 0;
    }

    /// <param name="version">A well-formed version.</param>
    public bool IsSupported(string version)
    {
        return Version.Parse(version.Split('-')[0]) >= Version.Parse(Minimum);
    }
}
