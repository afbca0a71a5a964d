using Federated.Aggregation.Robust.Coordinates;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>The working part of a rule: says which statistics it needs, and chooses by them.</summary>
internal abstract class RuleBody
{
    /// <summary>Whether it needs the inner products of what it sees.</summary>
    public virtual bool NeedsGram => false;

    /// <summary>Whether it starts from the last round's aggregate, when there is one.</summary>
    public virtual bool UsesCentre => false;

    /// <summary>Whether it applies weights by itself; otherwise its coefficients are multiplied by them.</summary>
    public virtual bool AppliesWeights => false;

    /// <summary>Whether it ends in a reduction of each coordinate; otherwise in a weighted sum.</summary>
    public virtual bool Reduces => false;

    /// <summary>The reduction that it ends in.</summary>
    /// <param name="vectors">Vectors that are reduced.</param>
    /// <param name="dropped">Updates that were left out because they are not finite; each counts as one of the f.</param>
    public virtual CoordinateRule Reduction(int vectors, IReadOnlyList<int> dropped) => throw new NotSupportedException("The rule ends in a weighted sum.");

    /// <summary>Reads the samples that it needs of a range of the parameters.</summary>
    /// <param name="updates">The range of every update.</param>
    /// <param name="from">Where it starts.</param>
    /// <param name="length">Parameters of the whole model.</param>
    /// <param name="random">Decides what is read.</param>
    public virtual float[][][] Sample(IReadOnlyList<ReadOnlyMemory<float>> updates, int from, int length, CounterRandom random) => [];

    /// <summary>Chooses.</summary>
    /// <exception cref="ArgumentException">It cannot work with this number of vectors.</exception>
    public abstract RuleChoice Choose(SeenVectors seen);
}
