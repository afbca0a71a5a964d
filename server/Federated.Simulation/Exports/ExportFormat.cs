namespace Federated.Simulation.Exports;

/// <summary>The files that a model can be exported to.</summary>
public enum ExportFormat
{
    /// <summary>Every tensor, dense.</summary>
    SafeTensors = 0,

    /// <summary>Pruned layers as indices and values.</summary>
    SparseSafeTensors = 1,

    /// <summary>The forward pass, dense initializers.</summary>
    Onnx = 2,

    /// <summary>The forward pass, pruned layers as sparse initializers.</summary>
    SparseOnnx = 3,

    /// <summary>The pruned network that the torch-free runtime maps.</summary>
    FedTiny = 4,
}
