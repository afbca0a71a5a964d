namespace Federated.Server;

/// <summary>Why the server cannot start, in a sentence that says what to do.</summary>
internal sealed class StartupException(string message) : Exception(message);
