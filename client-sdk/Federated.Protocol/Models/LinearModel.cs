namespace Federated.Protocol.Models;

/// <summary>The one model that needs no upload: a linear model (softmax or logistic regression) starts from zeros.</summary>
public static class LinearModel
{
    /// <summary>The architecture's name.</summary>
    public const string Architecture = "logistic";

    /// <summary>The schema: <c>weight</c> of [outputs, features], then <c>bias</c> of [outputs].</summary>
    /// <param name="features">Floats an example, at least 1.</param>
    /// <param name="outputs">Scores an example: the number of classes, or 1 for a binary model.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public static ModelSchema CreateSchema(int features, int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        return new ModelSchema(
            [new TensorSpec("weight", [outputs, features]), new TensorSpec("bias", [outputs])], architecture: Architecture);
    }

    /// <summary>The size of a linear model.</summary>
    /// <param name="schema">A schema.</param>
    /// <returns>Floats an example and scores an example; zeros when the schema is of another model.</returns>
    public static (int Features, int Outputs) SizeOf(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.Architecture == Architecture && schema.Tensors is [{ Name: "weight", Shape: [long outputs, long features] }, { Name: "bias" }]
            ? (checked((int)features), checked((int)outputs))
            : (0, 0);
    }
}
