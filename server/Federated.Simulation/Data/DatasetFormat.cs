namespace Federated.Simulation.Data;

/// <summary>The file formats that the readers know.</summary>
public enum DatasetFormat
{
    /// <summary>The MNIST family: big-endian arrays with a four-byte magic.</summary>
    Idx,

    /// <summary>Separated values, one example a line.</summary>
    Csv,

    /// <summary>Sparse <c>label index:value ...</c> lines.</summary>
    Libsvm,

    /// <summary>Plain text, of which the next character is predicted.</summary>
    Text,
}
