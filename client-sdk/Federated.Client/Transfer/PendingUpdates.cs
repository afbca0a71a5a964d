using System.Security.Cryptography;
using System.Text;
using Federated.Client.Storage;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Transfer;

/// <summary>
/// The updates whose fate is open: in memory, and also on disk when all are to be kept or when client state hangs on them, as
/// <c>*.update</c> before and <c>*.stored</c> after the server has confirmed them. Safe for several threads.
/// </summary>
internal sealed partial class PendingUpdates(string folder, bool keepAll, ILogger logger) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PendingUpdate> _byAssignment = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byAssignment.Count;
            }
        }
    }

    /// <summary>Assignment ids in no particular order.</summary>
    public string[] Ids()
    {
        lock (_gate)
        {
            return [.. _byAssignment.Keys];
        }
    }

    /// <summary>Reads what an earlier run left. A damaged file is set aside as <c>*.damaged</c>.</summary>
    public void Load()
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (string path in Directory.GetFiles(folder).Where(p => Path.GetExtension(p) is ".update" or ".stored"))
        {
            try
            {
                PendingUpdate update = PendingFile.Read(path);
                update.OnDisk = true;
                update.Stored = Path.GetExtension(path) == ".stored";
                lock (_gate)
                {
                    _byAssignment[update.AssignmentId] = update;
                }
            }
            catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
            {
                LogDamaged(logger, path, e.Message);
                File.Move(path, path + ".damaged", overwrite: true);
            }
        }
    }

    /// <summary>Takes ownership of the update.</summary>
    public void Add(PendingUpdate update)
    {
        lock (_gate)
        {
            _byAssignment.Add(update.AssignmentId, update);
        }

        if (keepAll || update.NextState.Length > 0)
        {
            PrivateFile.CreateFolder(folder);
            PendingFile.Write(PathOf(update.AssignmentId, ".update"), update);
            update.OnDisk = true;
        }
    }

    public PendingUpdate? Find(string assignmentId)
    {
        lock (_gate)
        {
            return _byAssignment.GetValueOrDefault(assignmentId);
        }
    }

    /// <summary>The server holds the update now.</summary>
    public void MarkStored(PendingUpdate update)
    {
        if (!update.Stored && update.OnDisk)
        {
            File.Move(PathOf(update.AssignmentId, ".update"), PathOf(update.AssignmentId, ".stored"), overwrite: true);
        }

        update.Stored = true;
    }

    /// <summary>The update's fate is known: hands it to the caller, who disposes it; null when it was taken before.</summary>
    public PendingUpdate? Take(string assignmentId)
    {
        PendingUpdate? update;
        lock (_gate)
        {
            if (!_byAssignment.Remove(assignmentId, out update))
            {
                return null;
            }
        }

        if (update.OnDisk)
        {
            File.Delete(PathOf(assignmentId, ".update"));
            File.Delete(PathOf(assignmentId, ".stored"));
        }

        return update;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (PendingUpdate update in _byAssignment.Values)
            {
                update.Dispose();
            }

            _byAssignment.Clear();
        }
    }

    /// <summary>An assignment id comes from outside, so its hash names the file.</summary>
    private string PathOf(string assignmentId, string extension) =>
        Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(assignmentId)).AsSpan(0, 16)) + extension);

    [LoggerMessage(EventId = 1301, EventName = "PendingUpdateDamaged", Level = LogLevel.Warning,
        Message = "The pending update {Path} is set aside: {Reason}")]
    private static partial void LogDamaged(ILogger logger, string path, string reason);
}
