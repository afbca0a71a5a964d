using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Federated.Client.Storage;

namespace Federated.Client.Sessions;

/// <summary>
/// What stateful algorithms keep between the rounds of a job (control variates, local statistics): written only when an update is
/// counted, void when the job's state epoch rises. With a folder it outlives the application. A file, little-endian:
/// <code>
/// 0  8  magic "FEDSTAT1" (the digit is the layout version)
/// 8  4  state epoch
/// 12 4  length in floats, n
/// 16 4n float32
/// .. 8  XxHash3 (64 bits, seed 0) of all that precedes
/// </code>
/// </summary>
internal sealed class ClientStates(string? folder)
{
    private const int PrefixLength = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (uint Epoch, float[] Values)> _byJob = new(StringComparer.Ordinal);

    private static ReadOnlySpan<byte> Magic => "FEDSTAT1"u8;

    /// <summary>
    /// The job's state; empty before the first counted update of the epoch, or when it has another length. With <paramref name="orLonger"/> its beginning will do.
    /// </summary>
    public ReadOnlyMemory<float> Load(string jobId, uint epoch, int length, bool orLonger = false)
    {
        float[] values = ValuesOf(jobId, epoch);
        bool fits = orLonger ? values.Length >= length : values.Length == length;
        return fits ? values.AsMemory(0, length) : default(ReadOnlyMemory<float>);
    }

    /// <summary>The job's state whatever its length, where that is at least so much; empty before the first counted update of the epoch.</summary>
    public ReadOnlyMemory<float> LoadAll(string jobId, uint epoch, int least) =>
        ValuesOf(jobId, epoch) is { } values && values.Length >= least ? values : default(ReadOnlyMemory<float>);

    /// <summary>The update that led to this state was counted.</summary>
    public void Commit(string jobId, uint epoch, float[] values)
    {
        lock (_gate)
        {
            _byJob[jobId] = (epoch, values);
            if (folder is null)
            {
                return;
            }

            byte[] file = new byte[PrefixLength + (4 * values.Length) + 8];
            Magic.CopyTo(file);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), epoch);
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), values.Length);
            MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(file.AsSpan(PrefixLength));
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(file.Length - 8), XxHash3.HashToUInt64(file.AsSpan(0, file.Length - 8)));
            PrivateFile.Replace(PathOf(jobId), file);
        }
    }

    private float[] ValuesOf(string jobId, uint epoch)
    {
        lock (_gate)
        {
            if (!_byJob.TryGetValue(jobId, out (uint Epoch, float[] Values) state))
            {
                state = Read_NeedsLock(jobId);
                _byJob[jobId] = state;
            }

            return state.Epoch == epoch ? state.Values : [];
        }
    }

    private (uint Epoch, float[] Values) Read_NeedsLock(string jobId)
    {
        if (folder is null || !File.Exists(PathOf(jobId)))
        {
            return (0, []);
        }

        // A damaged file counts as none: the algorithm starts over, as after a new installation.
        byte[] file = File.ReadAllBytes(PathOf(jobId));
        if (file.Length < PrefixLength + 8
            || !file.AsSpan().StartsWith(Magic)
            || BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(file.Length - 8)) != XxHash3.HashToUInt64(file.AsSpan(0, file.Length - 8)))
        {
            return (0, []);
        }

        return (
            BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(8)),
            MemoryMarshal.Cast<byte, float>(file.AsSpan(PrefixLength, file.Length - PrefixLength - 8)).ToArray());
    }

    private string PathOf(string jobId) =>
        Path.Combine(folder!, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(jobId)).AsSpan(0, 16)) + ".state");
}
