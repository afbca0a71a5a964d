namespace Federated.Client;

/// <summary>The version that the SDK tells the server.</summary>
internal static class SdkVersion
{
    /// <summary>"major.minor.patch".</summary>
    public static string Current { get; } = typeof(SdkVersion).Assembly.GetName().Version!.ToString(3);
}
