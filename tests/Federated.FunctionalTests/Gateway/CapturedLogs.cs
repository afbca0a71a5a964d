using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Gateway;

/// <summary>Keeps what a host logs; a test can wait for an event.</summary>
internal sealed class CapturedLogs : ILoggerProvider
{
    private readonly Channel<(string Event, string Text)> _entries = Channel.CreateUnbounded<(string, string)>();

    /// <summary>The text of the next event of that name; earlier events of other names are dropped.</summary>
    public async Task<string> NextAsync(string eventName, CancellationToken cancellationToken)
    {
        await foreach ((string name, string text) in _entries.Reader.ReadAllAsync(cancellationToken))
        {
            if (name == eventName)
            {
                return text;
            }
        }

        throw new InvalidOperationException($"The host logged no {eventName}.");
    }

    public ILogger CreateLogger(string categoryName) => new Logger(_entries.Writer);

    public void Dispose() => _entries.Writer.TryComplete();

    private sealed class Logger(ChannelWriter<(string, string)> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.TryWrite((eventId.Name ?? string.Empty, formatter(state, exception)));
    }
}
