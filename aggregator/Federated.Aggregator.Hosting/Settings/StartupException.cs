namespace Federated.Aggregator.Hosting.Settings;

/// <summary>Why a process cannot start, in a sentence that says what to do.</summary>
public sealed class StartupException(string message) : Exception(message);
