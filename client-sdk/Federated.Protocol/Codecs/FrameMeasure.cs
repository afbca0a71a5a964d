namespace Federated.Protocol.Codecs;

/// <summary>What a look at a whole frame finds.</summary>
/// <param name="Fault">Why it cannot be used; <see cref="FrameFault.None"/> when it can.</param>
/// <param name="SumOfSquares">Squared L2 norm of the decoded vector; meaningless with a fault.</param>
public readonly record struct FrameMeasure(FrameFault Fault, double SumOfSquares);
