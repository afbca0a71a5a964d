using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Federated.Server.Rest;

/// <summary>Problem details that name the thing.</summary>
internal static class Problems
{
    public static ProblemHttpResult NotFound(string thing, string id)
    {
        return TypedResults.Problem($"There is no {thing} '{id}'.", statusCode: StatusCodes.Status404NotFound);
    }

    public static ProblemHttpResult NotFound(string thing, int number)
    {
        return NotFound(thing, number.ToString(CultureInfo.InvariantCulture));
    }

    public static ProblemHttpResult Conflict(string detail)
    {
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict);
    }

    public static ProblemHttpResult Unprocessable(string detail)
    {
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status422UnprocessableEntity);
    }
}
