using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;

namespace Federated.Server.Rest;

/// <summary>Which part of a list is wanted.</summary>
internal readonly struct PageQuery
{
    public const int MaximumLimit = 1000;

    [FromQuery(Name = "limit")]
    [Description("Number of items wanted, 1 to 1000; the server's Admin:PageSize when missing.")]
    public int? Limit { get; init; }

    [FromQuery(Name = "after")]
    [Description("The `next` of the page before; the first page when missing.")]
    public string? After { get; init; }

    public int Take(int pageSize)
    {
        return Math.Clamp(Limit ?? pageSize, 1, MaximumLimit);
    }

    /// <summary>Reads <see cref="After"/> of a list whose cursor is a number.</summary>
    public bool TryReadNumber(long first, out long after, out Dictionary<string, string[]> errors)
    {
        errors = [];
        after = first;
        if (After is null || long.TryParse(After, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out after))
        {
            return true;
        }

        errors["after"] = [$"'{After}' is not the `next` of a page."];
        return false;
    }
}
