#pragma warning disable
using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
namespace Federated.Benchmarks.Latency;
internal sealed class DiagAlloc : EventListener
{
    public static readonly ConcurrentDictionary<string,long> Types = new();
    public static readonly ConcurrentDictionary<string,string> Stacks = new();
    protected override void OnEventSourceCreated(EventSource s) { if (s.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(s, EventLevel.Verbose, (EventKeywords)1); }
    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        if (e.EventName != null && e.EventName.StartsWith("GCAllocationTick"))
        {
            int ti = e.PayloadNames!.IndexOf("TypeName"), ki = e.PayloadNames.IndexOf("AllocationKind"), ai = e.PayloadNames.IndexOf("AllocationAmount64"), si = e.PayloadNames.IndexOf("ObjectSize");
            string key = $"{e.Payload![ti]} kind {e.Payload[ki]}" + ((uint)e.Payload[ki]! == 1 ? $" size {e.Payload[si]}" : "");
            Types.AddOrUpdate(key, Convert.ToInt64(e.Payload[ai]), (_, v) => v + Convert.ToInt64(e.Payload[ai]));
            if ((uint)e.Payload[ki]! == 1) Stacks.TryAdd(key, Environment.StackTrace);
        }
    }
    public static void Print(int rounds) { foreach (var (k, v) in Types.OrderByDescending(p => p.Value).Take(45)) Console.WriteLine($"{v / 1024.0 / rounds,9:F1} kB/round {k}"); foreach (var (k, v) in Stacks) Console.WriteLine(k + "\n" + v); Types.Clear(); Stacks.Clear(); }
}
