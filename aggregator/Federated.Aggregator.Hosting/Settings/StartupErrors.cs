using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Settings;

/// <summary>Turns what stops a start into sentences for the operator. Anything unforeseen keeps its stack trace.</summary>
public static class StartupErrors
{
    public static IReadOnlyList<string>? Explain(Exception exception)
    {
        return exception switch
        {
            OptionsValidationException invalid => [.. invalid.Failures.Select(Message)],
            AggregateException several when several.InnerExceptions.All(inner => inner is OptionsValidationException) =>
                [.. several.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures.Select(Message))],
            StartupException or IOException => [exception.Message],
            InvalidOperationException { InnerException: FormatException } => [exception.Message],
            _ => null,
        };
    }

    // Data annotations wrap the message of a validation: DataAnnotation validation failed for '...' with the error: '...'.
    private static string Message(string failure)
    {
        const string Wrapping = "with the error: '";
        var start = failure.IndexOf(Wrapping, StringComparison.Ordinal);
        return start < 0 ? failure : failure[(start + Wrapping.Length)..].TrimEnd('.', '\'') + ".";
    }
}
