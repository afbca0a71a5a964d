namespace Federated.Simulation.Kernels;

/// <summary>Which kernels run a masked model.</summary>
public enum KernelSetting
{
    /// <summary>By the model's multiply-adds and the mask's share of them: <see cref="BreakEven"/>.</summary>
    Auto,

    /// <summary>Those of the sparse runtime, which compute with active weights alone; a mask that leaves everything active goes the dense way.</summary>
    Sparse,

    /// <summary>Those of libtorch, under a mask.</summary>
    Dense,
}
