using System.Collections.Immutable;
using System.Text.Json;

namespace Federated.Protocol.Models;

/// <summary>Writes the JSON header of a safetensors file: tensors that follow each other without gaps, in the order in which they are added.</summary>
internal sealed class SafeTensorsHeaderWriter : IDisposable
{
    private readonly MemoryStream _stream = new();
    private readonly Utf8JsonWriter _writer;

    internal SafeTensorsHeaderWriter(params IEnumerable<KeyValuePair<string, byte[]>> metadata)
    {
        _writer = new Utf8JsonWriter(_stream);
        _writer.WriteStartObject();
        _writer.WriteStartObject("__metadata__");
        foreach ((string key, byte[] text) in metadata)
        {
            _writer.WriteString(key, text);
        }

        _writer.WriteEndObject();
    }

    /// <summary>Bytes of the tensors so far.</summary>
    internal long PayloadBytes { get; private set; }

    internal void Add(string name, string dtype, ImmutableArray<long> shape)
    {
        long bytes = SafeTensorsEntry.WidthOf(dtype);
        _writer.WriteStartObject(name);
        _writer.WriteString("dtype"u8, dtype);
        _writer.WriteStartArray("shape"u8);
        foreach (long dimension in shape)
        {
            _writer.WriteNumberValue(dimension);
            bytes = checked(bytes * dimension);
        }

        _writer.WriteEndArray();
        _writer.WriteStartArray("data_offsets"u8);
        _writer.WriteNumberValue(PayloadBytes);
        _writer.WriteNumberValue(PayloadBytes + bytes);
        _writer.WriteEndArray();
        _writer.WriteEndObject();
        PayloadBytes += bytes;
    }

    /// <summary>The header, padded with spaces so that the tensors are aligned to 8 bytes in the file, as the format recommends.</summary>
    internal byte[] ToArray()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        while (_stream.Length % 8 != 0)
        {
            _stream.WriteByte((byte)' ');
        }

        return _stream.ToArray();
    }

    public void Dispose()
    {
        _writer.Dispose();
        _stream.Dispose();
    }
}
