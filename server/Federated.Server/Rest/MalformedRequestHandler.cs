using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace Federated.Server.Rest;

/// <summary>Answers requests that cannot be read with problem details that name the place in the body.</summary>
internal sealed class MalformedRequestHandler(IProblemDetailsService problems) : IExceptionHandler
{
    public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException bad)
        {
            return ValueTask.FromResult(false);
        }

        var problem = new ProblemDetails { Status = bad.StatusCode, Detail = bad.Message };
        if (bad.InnerException is JsonException json)
        {
            // Line and column from 1, as editors count.
            var line = json.LineNumber + 1 ?? 1;
            var column = json.BytePositionInLine + 1 ?? 1;
            problem.Detail = $"The JSON body is malformed at {json.Path ?? "$"} (line {line}, byte {column} of the line): {FirstSentence(json.Message)}";
            problem.Extensions["path"] = json.Path ?? "$";
            problem.Extensions["line"] = line;
            problem.Extensions["column"] = column;
        }

        httpContext.Response.StatusCode = bad.StatusCode;
        return problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception });
    }

    // The library repeats path and line at the end of its message.
    private static string FirstSentence(string message)
    {
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
