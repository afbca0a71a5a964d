using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Tier;

/// <summary>What a host logs, as text to show when a test fails.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Signal _logged = new();

    public string Text => string.Join('\n', _lines);

    /// <summary>Waits until a condition holds; looks at it again after each line.</summary>
    public Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken) => _logged.UntilAsync(condition, cancellationToken);

    public ILogger CreateLogger(string categoryName) => new Logger(_lines, _logged, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<string> lines, Signal logged, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= (category.StartsWith("Federated", StringComparison.Ordinal) ? LogLevel.Information : LogLevel.Error);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Enqueue($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {logLevel} {category}: {formatter(state, exception)} {exception}");
                logged.Raise();
            }
        }
    }
}
