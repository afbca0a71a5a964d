namespace Federated.Client.Sparse.Inference;

/// <summary>One operation of a compiled network on one panel.</summary>
internal interface IInferenceStep
{
    void Run();
}
