using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Server;

/// <summary>Keeps what a server logs.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    private readonly ConcurrentQueue<(EventId Event, LogLevel Level, string Message)> _entries = new();

    public IReadOnlyCollection<(EventId Event, LogLevel Level, string Message)> Entries => _entries;

    public ILogger CreateLogger(string categoryName)
    {
        return new Logger(this, categoryName);
    }

    public void Dispose()
    {
    }

    private sealed class Logger(LogRecorder recorder, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            return null;
        }

        public bool IsEnabled(LogLevel logLevel)
        {
            return true;
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            recorder._entries.Enqueue((eventId, logLevel, $"{category}: {formatter(state, exception)} {exception}"));
        }
    }
}
