using System.Diagnostics;
using System.Globalization;

namespace Federated.FunctionalTests.Tier;

/// <summary>
/// A network namespace for each node, with one cable to this machine and one to each other node: that between two nodes can be cut while both
/// still reach server, sidecar and devices.
/// </summary>
internal sealed class NodeNetworks : IAsyncDisposable
{
    private static int _next = Environment.ProcessId % 200;

    private readonly string _name;
    private readonly string _subnet;
    private readonly int _nodes;

    private NodeNetworks(int nodes)
    {
        int number = Interlocked.Increment(ref _next);
        _nodes = nodes;
        _name = string.Create(CultureInfo.InvariantCulture, $"f{Environment.ProcessId}x{number}");
        _subnet = string.Create(CultureInfo.InvariantCulture, $"10.{130 + (number % 100)}.{Environment.ProcessId % 250}");
    }

    /// <summary>Makes the networks; skips the test where that cannot be.</summary>
    public static async Task<NodeNetworks> CreateAsync(int nodes)
    {
        var networks = new NodeNetworks(nodes);
        (bool works, string error) = await RunAsync($"ip netns add {networks._name}p && ip netns delete {networks._name}p");
        Assert.SkipUnless(works, $"Network namespaces cannot be made here (they need ip and the capability CAP_SYS_ADMIN): {error}");
        try
        {
            (works, error) = await RunAsync(networks.Script());
            Assert.SkipUnless(works, $"Networks between namespaces cannot be made here (they need the capability CAP_NET_ADMIN): {error}");
            return networks;
        }
        catch
        {
            await networks.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a program of a node begins with, to run in the node's network.</summary>
    public IReadOnlyList<string> Prefix(int node) => ["ip", "netns", "exec", NamespaceOf(node)];

    /// <summary>The node's address, as everybody reaches it.</summary>
    public string AddressOf(int node) => $"{_subnet}.{(4 * node) + 2}";

    /// <summary>This machine's address, as the node reaches it.</summary>
    public string HostFor(int node) => $"{_subnet}.{(4 * node) + 1}";

    /// <summary>Takes the cable between two nodes away.</summary>
    public async Task CutAsync(int one, int other)
    {
        (bool works, string error) = await RunAsync($"ip -n {NamespaceOf(one)} link set {CableOf(one, other)} down");
        Assert.True(works, error);
    }

    /// <summary>Puts it back.</summary>
    public async Task HealAsync(int one, int other)
    {
        (bool works, string error) = await RunAsync($"""
            ip -n {NamespaceOf(one)} link set {CableOf(one, other)} up
            ip -n {NamespaceOf(one)} route replace {AddressOf(other)}/32 via {EndOf(other, one)}
            """);
        Assert.True(works, error);
    }

    public async ValueTask DisposeAsync()
    {
        string script = string.Join('\n', Enumerable.Range(0, _nodes).Select(node => $"ip netns delete {NamespaceOf(node)} || true"));
        await RunAsync(script);
    }

    private string Script()
    {
        var lines = new List<string>();
        for (int node = 0; node < _nodes; node++)
        {
            lines.Add($"""
                ip netns add {NamespaceOf(node)}
                ip link add {_name}h{node} type veth peer name host netns {NamespaceOf(node)}
                ip address add {HostFor(node)}/30 dev {_name}h{node}
                ip link set {_name}h{node} up
                ip -n {NamespaceOf(node)} link set lo up
                ip -n {NamespaceOf(node)} address add {AddressOf(node)}/30 dev host
                ip -n {NamespaceOf(node)} link set host up
                """);
            for (int other = 0; other < node; other++)
            {
                lines.Add($"""
                    ip -n {NamespaceOf(node)} link add {CableOf(node, other)} type veth peer name {CableOf(other, node)} netns {NamespaceOf(other)}
                    {Plug(node, other)}
                    {Plug(other, node)}
                    """);
            }
        }

        for (int node = 0; node < _nodes; node++)
        {
            lines.AddRange(Enumerable.Range(0, _nodes).Where(other => other != node)
                .Select(other => $"ip -n {NamespaceOf(node)} route add {AddressOf(other)}/32 via {EndOf(other, node)}"));
        }

        return string.Join('\n', lines);
    }

    private string Plug(int node, int other) => $"""
        ip -n {NamespaceOf(node)} address add {EndOf(node, other)}/30 dev {CableOf(node, other)}
        ip -n {NamespaceOf(node)} link set {CableOf(node, other)} up
        """;

    private string NamespaceOf(int node) => $"{_name}n{node}";

    private static string CableOf(int node, int other) => $"to{other}of{node}";

    /// <summary>The address of a node's end of its cable to another.</summary>
    private string EndOf(int node, int other)
    {
        int cable = (Math.Max(node, other) * (Math.Max(node, other) - 1) / 2) + Math.Min(node, other);
        return $"{_subnet}.{128 + (4 * cable) + (node < other ? 1 : 2)}";
    }

    private static async Task<(bool Works, string Error)> RunAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-ec", script]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        string error = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return (shell.ExitCode == 0, error.Trim());
    }
}
