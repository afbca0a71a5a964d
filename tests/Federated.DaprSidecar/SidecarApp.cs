namespace Federated.DaprSidecar;

/// <summary>An app and the two ports at which it finds its sidecar.</summary>
/// <param name="Id">The app's id; names its consumer group.</param>
/// <param name="Address">Where the app listens; null when it only publishes.</param>
/// <param name="HttpPort">Port of Dapr's HTTP interface; 0 for a free one.</param>
/// <param name="GrpcPort">Port of Dapr's gRPC interface; 0 for a free one.</param>
public sealed record SidecarApp(string Id, Uri? Address, int HttpPort, int GrpcPort)
{
    /// <summary>Reads <c>ID,app=http://localhost:8080,http=3500,grpc=50001</c>; what is left out is null or 0.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static SidecarApp Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(',');
        var app = new SidecarApp(parts[0], null, 0, 0);
        foreach (string part in parts.Skip(1))
        {
            app = part.Split('=', 2) switch
            {
                ["app", var address] when Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) => app with { Address = uri },
                ["http", var port] when ushort.TryParse(port, out ushort number) => app with { HttpPort = number },
                ["grpc", var port] when ushort.TryParse(port, out ushort number) => app with { GrpcPort = number },
                _ => throw new FormatException($"'{part}' in --app {text} is not app=URL, http=PORT or grpc=PORT."),
            };
        }

        return app;
    }
}
