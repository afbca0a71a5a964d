using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Federated.Aggregator.Hosting.Settings;

/// <summary>A parsed listening address.</summary>
public sealed record EndpointAddress(bool IsTls, string Host, int Port)
{
    public bool IsAnyHost => Host is "*" or "+";

    public bool IsLocalhost => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    // Uri refuses the host "*", so the address is taken apart by hand.
    public static bool TryParse(string? text, [NotNullWhen(true)] out EndpointAddress? address)
    {
        address = null;
        var scheme = text?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (scheme < 0)
        {
            return false;
        }

        var rest = text![(scheme + 3)..].TrimEnd('/');
        var colon = rest.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
        {
            return false;
        }

        var tls = text[..scheme] switch { "http" => false, "https" => true, _ => (bool?)null };
        var parsed = new EndpointAddress(tls ?? false, rest[..colon].Trim('[', ']'), port);
        var hostIsKnown = parsed.IsAnyHost || parsed.IsLocalhost || IPAddress.TryParse(parsed.Host, out _);
        if (tls is null || !hostIsKnown)
        {
            return false;
        }

        address = parsed;
        return true;
    }
}
