using System.Runtime.CompilerServices;
using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

/// <summary>
/// Body of the child process: with the variable set, this assembly's executable holds slots of the named pool instead
/// of running tests, says so, and waits to be killed.
/// </summary>
internal static class SlotPoolChild
{
    public const string Variable = "FEDERATED_TEST_SLOT_POOL_CHILD";

    [ModuleInitializer]
    internal static void Run()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } directory)
        {
            return;
        }

        var pool = SlotPool.Open(new SlotPoolOptions { SlotBytes = 10_000, SlotCount = 4, Name = "pool", Directory = directory });
        var waiting = pool.EnumerateCommitted()[0];
        pool.TryTake(waiting.Key, out var read, out _);
        pool.TryReserve(3, out var committed, out _);
        committed!.Append([7, 8, 9]);
        committed.Commit();
        pool.TryReserve(10, out var write, out _);
        write!.Append([1, 2, 3]);
        Console.Out.WriteLine("holding");
        Console.Out.Flush();
        Console.In.ReadLine();
        GC.KeepAlive(read);
        GC.KeepAlive(write);
        Environment.Exit(1);
    }
}
