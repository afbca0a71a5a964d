namespace Federated.Server.Tier;

/// <summary>A node could not be asked; the transfer may succeed later, or the node is about to be found lost.</summary>
internal sealed class TransferFailedException(string message, Exception? cause = null) : Exception(message, cause);
