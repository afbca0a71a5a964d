namespace Federated.Simulation.Data;

/// <summary>How features are brought to a common scale.</summary>
public enum FeatureScaling
{
    /// <summary>Images: one mean and deviation for each channel; CSV: for each feature; LIBSVM and text: none.</summary>
    Auto,

    /// <summary>As the file has them (bytes of images as 0 to 1).</summary>
    None,

    /// <summary>Every feature to mean 0 and deviation 1 over the training part.</summary>
    Standard,
}
