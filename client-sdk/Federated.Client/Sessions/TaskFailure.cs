namespace Federated.Client.Sessions;

/// <summary>Why a task was given up, as it is told to the server. Never leaves the SDK.</summary>
/// <param name="Kind">A stable kind; see <see cref="Protocol.ErrorKinds"/>.</param>
/// <param name="Message">One sentence without personal data.</param>
internal sealed record TaskFailure(string Kind, string Message);
