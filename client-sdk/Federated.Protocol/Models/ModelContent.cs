using Federated.Protocol.Pruning;

namespace Federated.Protocol.Models;

/// <summary>A model version in memory: its schema and its three flat vectors.</summary>
public sealed class ModelContent
{
    /// <summary>Takes ownership of the vectors.</summary>
    /// <param name="schema">What the vectors mean.</param>
    /// <param name="parameters">float32, <see cref="ModelSchema.ParameterCount"/> elements.</param>
    /// <param name="statistics">float32, <see cref="ModelSchema.StatisticCount"/> elements; null for zeros.</param>
    /// <param name="counts">int64, <see cref="ModelSchema.CountCount"/> elements; null for zeros.</param>
    /// <exception cref="ArgumentException">A vector has the wrong length.</exception>
    public ModelContent(ModelSchema schema, float[] parameters, float[]? statistics = null, long[]? counts = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(parameters);
        Schema = schema;
        Parameters = parameters;
        Statistics = statistics ?? new float[schema.StatisticCount];
        Counts = counts ?? new long[schema.CountCount];
        Check(Parameters.Length, schema.ParameterCount, nameof(parameters));
        Check(Statistics.Length, schema.StatisticCount, nameof(statistics));
        Check(Counts.Length, schema.CountCount, nameof(counts));
    }

    /// <summary>What the vectors mean.</summary>
    public ModelSchema Schema { get; private set; }

    /// <summary>Which coordinates are active; null for a dense model. The others are zero.</summary>
    public ModelMask? Mask { get; private set; }

    /// <summary>The flat parameter vector.</summary>
    public float[] Parameters { get; }

    /// <summary>The flat vector of batch-norm statistics.</summary>
    public float[] Statistics { get; }

    /// <summary>The flat vector of integer buffers.</summary>
    public long[] Counts { get; }

    /// <summary>Puts the model under a mask: the coordinates that are inactive become zero, the schema takes the mask's epoch.</summary>
    /// <param name="mask">A mask of this model.</param>
    /// <exception cref="ArgumentException">The mask is of another model.</exception>
    public void Use(ModelMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (!mask.Layers.AsSpan().SequenceEqual(PrunableLayer.Of(Schema).AsSpan()))
        {
            throw new ArgumentException("The mask is of another model.", nameof(mask));
        }

        mask.Apply(Parameters);
        Mask = mask;
        Schema = Schema.WithMaskEpoch(mask.Epoch);
    }

    /// <summary>A model of zeros.</summary>
    /// <param name="schema">The schema.</param>
    public static ModelContent Zeros(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new ModelContent(schema, new float[schema.ParameterCount]);
    }

    /// <summary>The elements of a parameter or statistic, row-major.</summary>
    /// <param name="tensor">Its name.</param>
    /// <exception cref="ArgumentException">There is no float tensor of this name.</exception>
    public ReadOnlySpan<float> Floats(string tensor)
    {
        int parameter = 0, statistic = 0;
        foreach (TensorSpec spec in Schema.Tensors.Where(spec => spec.Part != TensorPart.Count))
        {
            int length = (int)spec.ElementCount;
            if (spec.Name == tensor)
            {
                return spec.Part == TensorPart.Parameter ? Parameters.AsSpan(parameter, length) : Statistics.AsSpan(statistic, length);
            }

            parameter += spec.Part == TensorPart.Parameter ? length : 0;
            statistic += spec.Part == TensorPart.Statistic ? length : 0;
        }

        throw new ArgumentException($"The model has no parameter or statistic '{tensor}'.", nameof(tensor));
    }

    private static void Check(int actual, int expected, string name)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"The schema asks for {expected} elements, the vector has {actual}.", name);
        }
    }
}
