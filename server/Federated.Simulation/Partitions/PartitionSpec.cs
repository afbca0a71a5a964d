using System.Globalization;

namespace Federated.Simulation.Partitions;

/// <summary>How the training examples are dealt to clients, as <c>--partition</c> writes it.</summary>
/// <param name="Kind">The way of dealing.</param>
/// <param name="Alpha">Concentration of <see cref="PartitionKind.Dirichlet"/>.</param>
/// <param name="LabelsPerClient">Labels of each client of <see cref="PartitionKind.Shards"/>.</param>
/// <param name="Column">Column of <see cref="PartitionKind.Column"/>.</param>
public sealed record PartitionSpec(PartitionKind Kind, double Alpha = 0, int LabelsPerClient = 0, string? Column = null)
{
    /// <summary>Whether the data decide who the clients are.</summary>
    public bool IsNatural => Kind is PartitionKind.Column or PartitionKind.Speaker or PartitionKind.Site;

    /// <summary>Reads <c>iid</c>, <c>dirichlet:ALPHA</c>, <c>shards:LABELS</c>, <c>column:NAME</c>, <c>speaker</c> or <c>site</c>.</summary>
    /// <exception cref="SimulationException">The text is none of these.</exception>
    public static PartitionSpec Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':');
        string name = colon < 0 ? text : text[..colon];
        string argument = colon < 0 ? "" : text[(colon + 1)..];
        bool bare = colon < 0;
        return name switch
        {
            "iid" when bare => new PartitionSpec(PartitionKind.Iid),
            "speaker" when bare => new PartitionSpec(PartitionKind.Speaker),
            "site" when bare => new PartitionSpec(PartitionKind.Site),
            "dirichlet" when double.TryParse(argument, NumberStyles.Float, CultureInfo.InvariantCulture, out double alpha) && alpha > 0 && double.IsFinite(alpha) =>
                new PartitionSpec(PartitionKind.Dirichlet, Alpha: alpha),
            "dirichlet" => throw new SimulationException($"partition '{text}': expected a concentration above 0, for example dirichlet:0.3."),
            "shards" when int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out int labels) && labels >= 1 =>
                new PartitionSpec(PartitionKind.Shards, LabelsPerClient: labels),
            "shards" => throw new SimulationException($"partition '{text}': expected a number of labels of at least 1, for example shards:2."),
            "column" when argument.Length > 0 => new PartitionSpec(PartitionKind.Column, Column: argument),
            "column" => throw new SimulationException($"partition '{text}': expected the name or number of a column, for example column:user."),
            _ => throw new SimulationException($"partition '{text}' is unknown; expected iid, dirichlet:ALPHA, shards:LABELS_PER_CLIENT, column:NAME, speaker or site."),
        };
    }

    /// <inheritdoc />
    public override string ToString() => Kind switch
    {
        PartitionKind.Dirichlet => string.Create(CultureInfo.InvariantCulture, $"dirichlet:{Alpha}"),
        PartitionKind.Shards => string.Create(CultureInfo.InvariantCulture, $"shards:{LabelsPerClient}"),
        PartitionKind.Column => $"column:{Column}",
        PartitionKind.Speaker => "speaker",
        PartitionKind.Site => "site",
        _ => "iid",
    };
}
