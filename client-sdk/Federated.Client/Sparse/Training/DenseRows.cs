namespace Federated.Client.Sparse.Training;

/// <summary>Takes a row of the dense gradient of a layer's weights.</summary>
internal delegate void DenseRowSink(int layer, int first, Span<float> values);

/// <summary>Which layers' dense gradients a pass hands over, and to whom.</summary>
/// <param name="Positions">By the name of the weight: its position among the layers that were asked for.</param>
/// <param name="Sink">Is given the rows of a layer one after another; they are its own until it returns.</param>
internal sealed record DenseRows(IReadOnlyDictionary<string, int> Positions, DenseRowSink Sink);
