using System.Globalization;
using System.Net;
using Federated.Client.Identity;
using Federated.Client.OneByte.Peers;
using Federated.PeerHost;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

// A member of an exchange among peers as a process of its own: MACHINE ROUNDS PAUSE_AT PORT[,PORT...] KEYS GATHER_SECONDS. The folder KEYS has a device's
// identity for each machine, in a folder with its number, and its public key beside it (NUMBER.pub). The process prints a line for each round; at round PAUSE_AT (0: never) it waits for a line of input before it goes on.
if (args.Length != 6)
{
    await Console.Error.WriteLineAsync("usage: Federated.PeerHost MACHINE ROUNDS PAUSE_AT PORT[,PORT...] KEYS GATHER_SECONDS");
    return 1;
}

uint number = uint.Parse(args[0], CultureInfo.InvariantCulture);
int[] ports = [.. args[3].Split(',').Select(port => int.Parse(port, CultureInfo.InvariantCulture))];
uint pauseAt = uint.Parse(args[2], CultureInfo.InvariantCulture);
ModelContent model = ModelContent.Zeros(LinearModel.CreateSchema(Clouds.Features, Clouds.Outputs));
var manifest = new OneByteManifest(model.Schema);
OneByteSettings settings = OneByteMachine.Seal(
    new OneByteSettings(new byte[16], new byte[32], new byte[32], (long)(0.02 * (1L << 40))) { Directions = 3, Momentum = 32768 }, manifest, model.Parameters);
var options = new OneBytePeerOptions
{
    Machine = number,
    Members = ports.Select((port, i) => (Key: (uint)i, Value: new IPEndPoint(IPAddress.Loopback, port))).ToDictionary(pair => pair.Key, pair => pair.Value),
    PublicKeys = Enumerable.Range(0, ports.Length).ToDictionary(i => (uint)i, i => (ReadOnlyMemory<byte>)File.ReadAllBytes(Path.Combine(args[4], FormattableString.Invariant($"{i}.pub")))),
    Key = await new FileDeviceIdentityStore(Path.Combine(args[4], args[0])).OpenKeyAsync(CancellationToken.None),
    Rounds = uint.Parse(args[1], CultureInfo.InvariantCulture),
    Window = 16,
    GatherTime = TimeSpan.FromSeconds(double.Parse(args[5], CultureInfo.InvariantCulture)),
};
var peer = new OneBytePeer(options, settings, model, Clouds.Examples(number));
peer.Applied += (_, round) =>
{
    Console.WriteLine(FormattableString.Invariant($"round {round.Round} machines {round.Machines} loss {round.Loss:0.0000}"));
    if (pauseAt > 0 && round.Round + 1 == pauseAt)
    {
        Console.WriteLine("paused");
        Console.ReadLine();
    }
};
OneBytePeerResult result = await peer.RunAsync();
Console.WriteLine(FormattableString.Invariant(
    $"end {result.StateHash} rounds {result.Rounds} measured {result.Measured} taken-over {result.TakenOver} bytes {result.BytesSent} confirmed {result.IsConfirmed} refused {result.Refused}"));
return 0;
