using Federated.Aggregation.Robust.Hierarchy;

namespace Federated.Aggregator.Exchange;

/// <summary>Says what is wrong with the table of a message before any of it has room here: nobody may send what was not to be expected of it.</summary>
internal static class ExchangeJudge
{
    // What the catalogue lets rules sample: turns, and coordinates of each.
    private const int MostTurns = 1000;
    private const int MostSample = 10_000_000;

    /// <summary>The fault of a table; null when it may come.</summary>
    /// <param name="plan">The round.</param>
    /// <param name="kind">Kind of the message.</param>
    /// <param name="receiver">This node.</param>
    /// <param name="carriers">How many of the updates that a share is about carry a section.</param>
    /// <param name="shapes">The table.</param>
    public static string? Fault(ExchangePlan plan, ExchangeKind kind, string receiver, Func<int, int> carriers, IReadOnlyList<ExchangeShape> shapes)
    {
        foreach (ExchangeShape shape in shapes)
        {
            if (shape.Section >= plan.Round.Sections.Length || !MayCome(plan, kind, receiver, carriers(shape.Section), shape))
            {
                return $"Node {receiver} does not expect {shape} in a message of kind {kind}.";
            }
        }

        return null;
    }

    private static bool MayCome(ExchangePlan plan, ExchangeKind kind, string receiver, int updates, ExchangeShape shape)
    {
        long length = (long)plan.Round.Sections[shape.Section].ElementCount;
        int most = kind == ExchangeKind.Share ? updates : plan.Round.MostUpdates;
        ParameterRange range = plan.RangeOf(shape.Section, receiver);
        return (kind, shape.Content) switch
        {
            (ExchangeKind.Share, ExchangeContent.Range) => shape.From == range.From && shape.Columns == range.Length && shape.Rows == updates,
            (ExchangeKind.Share, ExchangeContent.Sketch) => receiver == plan.Top && plan.IsSketched(shape.Section) && shape.Rows == updates && shape.Columns == plan.Sketch.Width,
            (ExchangeKind.Share or ExchangeKind.Findings, ExchangeContent.Finite) => shape.Rows == 1 && shape.Columns <= most,
            (ExchangeKind.Share or ExchangeKind.Findings, ExchangeContent.Gram) => shape.Rows == shape.Columns && shape.Rows <= most + 1,
            (ExchangeKind.Share or ExchangeKind.Findings, ExchangeContent.Sample) => shape.Rows <= most && shape.From < MostTurns && shape.Columns <= MostSample,
            (ExchangeKind.Start, ExchangeContent.Sum) => shape is { From: 0, Rows: 1 } && shape.Columns == length && plan.Round.Centred.Contains(plan.Round.Sections[shape.Section].Role),
            (ExchangeKind.Part, ExchangeContent.Sum) => shape.Rows == 1 && shape.From + (long)shape.Columns <= length,
            (ExchangeKind.Part, ExchangeContent.Distances) => shape.Rows == 1 && shape.Columns <= plan.Round.MostUpdates,
            (ExchangeKind.Verdict, ExchangeContent.Coefficients) => shape.Rows == 1 && shape.Columns <= plan.Round.MostUpdates,
            (ExchangeKind.Verdict, ExchangeContent.Dropped or ExchangeContent.Sources) => shape.Rows == 1 && shape.Columns <= plan.Round.MostUpdates,
            (ExchangeKind.Verdict, ExchangeContent.Mixing) => shape.Rows <= plan.Round.MostUpdates && shape.Columns <= plan.Round.MostUpdates,
            _ => false,
        };
    }
}
