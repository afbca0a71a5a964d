using System.Net;
using System.Net.NetworkInformation;

namespace Federated.FunctionalTests;

/// <summary>
/// Ports that have to be known before somebody listens on them. They lie below the range from which systems take the ports of outgoing
/// connections, and none is given out twice, so nobody takes one between its choice and its use.
/// </summary>
internal static class TestPorts
{
    private const int First = 20_000;
    private const int Count = 10_000;

    private static int _next = Environment.ProcessId * 97;

    public static int Next()
    {
        HashSet<int> taken = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select((IPEndPoint listener) => listener.Port)];
        int port;
        do
        {
            port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
        }
        while (taken.Contains(port));
        return port;
    }
}
