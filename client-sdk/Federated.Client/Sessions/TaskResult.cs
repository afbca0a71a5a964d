using Federated.Client.Transfer;

namespace Federated.Client.Sessions;

/// <summary>What a task led to: an update to send, or a failure to report.</summary>
internal readonly record struct TaskResult(PendingUpdate? Update, TaskFailure? Failure);
