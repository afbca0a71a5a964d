namespace Federated.Simulation.Data;

/// <summary>How a missing value is written and what happens to it: <c>TOKEN[:median|drop]</c>. An empty token stands for an empty cell.</summary>
internal sealed record MissingSpec(string Token, bool DropRows)
{
    public static MissingSpec Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        return (colon < 0 ? "median" : text[(colon + 1)..]) switch
        {
            "median" => new MissingSpec(colon < 0 ? text : text[..colon], DropRows: false),
            "drop" => new MissingSpec(text[..colon], DropRows: true),
            string other => throw new SimulationException($"missing '{text}': '{other}' is unknown; expected TOKEN, TOKEN:median or TOKEN:drop."),
        };
    }
}
