namespace Federated.Client.Sparse.Kernels;

/// <summary>A vector width that the kernels are compiled for; the compiler specialises every kernel to it.</summary>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Floats of a vector: 16, 8 or 4.</summary>
    static abstract int Count { get; }

    static abstract TVector Fill(float value);

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    /// <summary>left · right + addend.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Max(TVector left, TVector right);

    /// <summary>The elements of <paramref name="value"/> where <paramref name="gate"/> is above 0, and 0 elsewhere.</summary>
    static abstract TVector WherePositive(TVector gate, TVector value);

    /// <summary>The elements of <paramref name="value"/> where the two are equal, and 0 elsewhere.</summary>
    static abstract TVector WhereEqual(TVector left, TVector right, TVector value);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract float Sum(TVector value);
}
