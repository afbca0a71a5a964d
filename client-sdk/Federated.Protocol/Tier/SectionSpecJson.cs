using System.Text.Json;
using System.Text.Json.Serialization;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.Protocol.Tier;

/// <summary>A section specification in JSON: its protobuf bytes in base64, so that fields of later versions pass through.</summary>
internal sealed class SectionSpecJson : JsonConverter<SectionSpec>
{
    public override SectionSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return SectionSpec.Parser.ParseFrom(reader.GetBytesFromBase64());
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new JsonException("A section is no SectionSpec message in base64.", exception);
        }
    }

    public override void Write(Utf8JsonWriter writer, SectionSpec value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(value.ToByteArray());
}
