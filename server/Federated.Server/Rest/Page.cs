namespace Federated.Server.Rest;

/// <summary>A part of a list.</summary>
/// <param name="Items">The items, in the order of the list.</param>
/// <param name="Next">Pass it as <c>after</c> to get the next part; null at the end.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>Cuts a list that was read with one item more than wanted, to see whether there is a next page.</summary>
    public static Page<T> Of(List<T> probed, int limit, Func<T, string> cursor)
    {
        return probed.Count <= limit
            ? new Page<T>(probed, null)
            : new Page<T>(probed.GetRange(0, limit), cursor(probed[limit - 1]));
    }
}
