using Federated.Protocol.V1;

namespace Federated.Server.Rest;

/// <summary>The query parameter <c>kind</c> of rounds: <c>train</c>, <c>evaluate</c> or <c>statistics</c>, as they are written in answers.</summary>
internal readonly record struct RoundKindQuery(TaskKind Kind)
{
    public static bool TryParse(string? text, IFormatProvider? provider, out RoundKindQuery kind)
    {
        var known = Enum.TryParse(text, ignoreCase: true, out TaskKind parsed)
            && parsed != TaskKind.Unspecified && string.Equals(parsed.ToString(), text, StringComparison.OrdinalIgnoreCase);
        kind = new RoundKindQuery(parsed);
        return known;
    }
}
