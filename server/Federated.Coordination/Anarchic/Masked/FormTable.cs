using System.Collections.Immutable;
using System.Text;
using Federated.Protocol.V1;

namespace Federated.Coordination.Anarchic.Masked;

/// <summary>The forms of updates that may still arrive, each with the last version that was given out under it. Written after the versions are made, so that a restart knows them.</summary>
internal sealed class FormTable
{
    private readonly Dictionary<string, (AnarchicForm Form, long Last)> _forms = new(StringComparer.Ordinal);
    private AnarchicForm? _present;

    public bool IsEmpty => _present is null;

    /// <summary>The form of updates of workers that pull now.</summary>
    public AnarchicForm Present
    {
        get => _present ?? throw new InvalidOperationException("The algorithm does not know its model yet.");
        set => _present = value;
    }

    /// <summary>All of them, the oldest first.</summary>
    public ImmutableArray<AnarchicForm> All => [.. _forms.Values.OrderBy(entry => entry.Last).Select(entry => entry.Form)];

    public AnarchicForm? Find(string? role) => role is not null && _forms.TryGetValue(role, out (AnarchicForm Form, long) entry) ? entry.Form : null;

    /// <summary>A version is given out under the present form; forms that nothing can arrive in any more go.</summary>
    /// <param name="version">The version.</param>
    /// <param name="isTaken">Whether updates of a form are taken at all.</param>
    /// <param name="horizon">Versions that an update may be behind.</param>
    public void Keep(long version, Func<AnarchicForm, bool> isTaken, long horizon)
    {
        _forms[Present.Role] = (Present, version);
        foreach ((string role, (AnarchicForm form, long last)) in _forms.ToArray())
        {
            if (!isTaken(form) || version - last > horizon)
            {
                _forms.Remove(role);
            }
        }
    }

    public void Clear()
    {
        _forms.Clear();
        _present = null;
    }

    /// <summary>The present form's role, then each form: role, epoch, last version, sections as protobuf. The bytes are part of a state, which has a checksum.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8))
        {
            writer.Write(Present.Role);
            writer.Write(_forms.Count);
            foreach ((AnarchicForm form, long last) in _forms.Values.OrderBy(entry => entry.Last))
            {
                writer.Write(form.Role);
                writer.Write(form.MaskEpoch);
                writer.Write(last);
                var sections = new UpdateTicket();
                sections.Sections.AddRange(form.Sections);
                byte[] bytes = Google.Protobuf.MessageExtensions.ToByteArray(sections);
                writer.Write(bytes.Length);
                writer.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no forms.</exception>
    public void Load(ReadOnlySpan<byte> bytes)
    {
        Clear();
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
            string present = reader.ReadString();
            for (int left = reader.ReadInt32(); left > 0; left--)
            {
                string role = reader.ReadString();
                (long epoch, long last) = (reader.ReadInt64(), reader.ReadInt64());
                UpdateTicket sections = UpdateTicket.Parser.ParseFrom(reader.ReadBytes(reader.ReadInt32()));
                _forms[role] = (new AnarchicForm(role, epoch, [.. sections.Sections]), last);
            }

            _present = Find(present) ?? throw new InvalidDataException($"The forms lack the present one, '{present}'.");
        }
        catch (Exception exception) when (exception is IOException or Google.Protobuf.InvalidProtocolBufferException or ArgumentException)
        {
            throw new InvalidDataException("The forms of the state cannot be read.", exception);
        }
    }
}
