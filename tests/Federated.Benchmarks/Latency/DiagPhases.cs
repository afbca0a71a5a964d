#pragma warning disable
using Federated.Client.Sessions;
using System.Diagnostics;
namespace Federated.Benchmarks.Latency;
internal static class DiagPhases
{
    public static readonly bool On = Environment.GetEnvironmentVariable("LATPHASE") != null;
    static readonly Dictionary<object, Dictionary<int, long[]>> ByDevice = new();
    public static void Attach(Federated.Client.FederatedDevice d)
    {
        if (!On) return;
        var map = new Dictionary<int, long[]>();
        lock (ByDevice) ByDevice[d] = map;
        d.Happened += (_, e) =>
        {
            int k = e.Kind switch { DeviceEventKind.Assigned => 0, DeviceEventKind.Working => 1, DeviceEventKind.Worked => 2, DeviceEventKind.Uploading => 3, DeviceEventKind.Stored => 4, _ => -1 };
            if (k < 0 || k != 3 && e.Round == 0) return;
            lock (map) { if (!map.TryGetValue(e.Round, out var t)) map[e.Round] = t = new long[5]; t[k] = Stopwatch.GetTimestamp(); }
        };
    }
    public static void Print()
    {
        if (!On) return;
        var devs = ByDevice.Values.ToArray();
        int last = devs.Min(m => m.Keys.Max()) - 1;
        var names = new[] { "firstAssigned->lastAssigned", "firstAssigned->lastWorking(dl)", "lastWorking->lastWorked", "lastWorked->lastUploaded", "lastUploaded->lastStored", "lastStored->firstAssignedNext", "round", "dl mean", "ul mean(worked->stored)","firstAssigned->firstWorking", "firstWorking->firstStored" };
        var v = names.Select(_ => new List<double>()).ToArray();
        double ms(long a, long b) => (b - a) * 1e3 / Stopwatch.Frequency;
        for (int r = last - 600; r < last; r++)
        {
            if ((r) % 10 == 0 || (r-1)%10==0) continue;
            if (!devs.All(d => d.ContainsKey(r) && d.ContainsKey(r + 1))) continue;
            long fa = devs.Min(d => d[r][0]), la = devs.Max(d => d[r][0]), lw = devs.Max(d => d[r][1]), lk = devs.Max(d => d[r][2]), lu = devs.Max(d => d[r][3]), ls = devs.Max(d => d[r][4]), fn = devs.Min(d => d[r + 1][0]);
            double[] x = [ms(fa, la), ms(fa, lw), ms(lw, lk), ms(lk, lu), ms(lu, ls), ms(ls, fn), ms(fa, fn), devs.Average(d => ms(d[r][0], d[r][1])), devs.Average(d => ms(d[r][2], d[r][4])), ms(fa, devs.Min(d => d[r][1])), ms(devs.Min(d => d[r][1]), devs.Min(d=>d[r][4]))];
            for (int i = 0; i < x.Length; i++) v[i].Add(x[i]);
        }
        for (int i = 0; i < v.Length; i++) { v[i].Sort(); Console.WriteLine($"PHASE {names[i],-32} med {v[i][v[i].Count / 2]:F2} p25 {v[i][v[i].Count / 4]:F2} n {v[i].Count}"); }
    }
}
