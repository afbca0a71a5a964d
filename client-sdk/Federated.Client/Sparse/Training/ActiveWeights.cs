namespace Federated.Client.Sparse.Training;

/// <summary>
/// Where a layer's active weights stand, by rows for the forward pass and by columns for the gradient of the input. The weights themselves stay in the packed vector; the copy in column order is
/// renewed by every backward pass.
/// </summary>
internal sealed unsafe class ActiveWeights
{
    public ActiveWeights(SparseLayer layer, int columns, PackedTable table)
    {
        Name = $"{layer.Name}.weight";
        Rows = layer.Outputs;
        Columns = columns;
        bool isLinear = layer.Kind == SparseLayerKind.Linear;
        Kernel = isLinear ? 1 : layer.Kernel;
        Stride = isLinear ? 1 : layer.Stride;
        Padding = isLinear ? 0 : layer.Padding;
        Start = table.Find(Name, checked(Rows * columns));
        Bias = table.Has($"{layer.Name}.bias") ? table.Find($"{layer.Name}.bias", Rows) : -1;
        int[] active = table.Active(Name);
        RowPointers = new int[Rows + 1];
        ColumnIndices = new int[active.Length];
        for (int k = 0; k < active.Length; k++)
        {
            RowPointers[(active[k] / columns) + 1]++;
            ColumnIndices[k] = active[k] % columns;
        }

        Accumulate(RowPointers);
        PlanePointers = new int[(columns / (Kernel * Kernel) * Phases) + 1];
        Taps = new int[active.Length];
        Order = new int[active.Length];
        Transposed = new float[active.Length];
        Transpose();
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    public int Rows { get; }

    public int Columns { get; }

    public int Kernel { get; }

    public int Stride { get; }

    public int Padding { get; }

    /// <summary>The first weight in the packed vector.</summary>
    public int Start { get; }

    /// <summary>The first bias in the packed vector; -1 without.</summary>
    public int Bias { get; }

    public int[] RowPointers { get; }

    public int[] ColumnIndices { get; }

    /// <summary>Phases of an input channel that a tap can meet: 1 for stride 1.</summary>
    public int Phases => Math.Min(Kernel, Stride) * Math.Min(Kernel, Stride);

    /// <summary>Where the entries of every phase of every input channel start.</summary>
    public int[] PlanePointers { get; }

    /// <summary>By entry in column order: output channel · kernel² + tap.</summary>
    public int[] Taps { get; }

    /// <summary>By entry in column order: its place in row order.</summary>
    public int[] Order { get; }

    /// <summary>The weights in column order.</summary>
    public float[] Transposed { get; }

    /// <summary>Bytes for the structure and the copy of the weights.</summary>
    public long Bytes => 4L * (RowPointers.Length + ColumnIndices.Length + PlanePointers.Length + Taps.Length + Order.Length + Transposed.Length);

    /// <summary>Halo that the gradient of the layer's output needs, so that every tap finds a value or a zero.</summary>
    public int GradientHalo => Stride == 1 ? Kernel - 1 - Padding : (Kernel - 1) / Stride;

    /// <summary>Cuts rows, or planes, into parts of about equal numbers of entries; returns the bounds.</summary>
    public static int[] Split(int[] pointers, int parts)
    {
        int count = pointers.Length - 1;
        int[] bounds = new int[Math.Clamp(parts, 1, count) + 1];
        int at = 0;
        for (int i = 1; i < bounds.Length - 1; i++)
        {
            // A row costs something even when it is empty.
            double share = (double)i / (bounds.Length - 1) * (pointers[^1] + count);
            while (at < count && pointers[at] + at < share)
            {
                at++;
            }

            bounds[i] = at;
        }

        bounds[^1] = count;
        return bounds;
    }

    /// <summary>Renews the copy in column order.</summary>
    public void CopyTransposed(float* values)
    {
        for (int k = 0; k < Transposed.Length; k++)
        {
            Transposed[k] = values[Order[k]];
        }
    }

    private void Transpose()
    {
        for (int k = 0; k < ColumnIndices.Length; k++)
        {
            PlanePointers[PlaneOf(ColumnIndices[k]) + 1]++;
        }

        Accumulate(PlanePointers);
        int[] next = PlanePointers[..^1];
        int taps = Kernel * Kernel;
        for (int row = 0; row < Rows; row++)
        {
            for (int k = RowPointers[row]; k < RowPointers[row + 1]; k++)
            {
                int at = next[PlaneOf(ColumnIndices[k])]++;
                Taps[at] = (row * taps) + (ColumnIndices[k] % taps);
                Order[at] = k;
            }
        }
    }

    private int PlaneOf(int column)
    {
        int taps = Kernel * Kernel, used = Math.Min(Kernel, Stride);
        int y = column / Kernel % Kernel, x = column % Kernel;
        return (column / taps * Phases) + (y % Stride * used) + (x % Stride);
    }

    private static void Accumulate(int[] pointers)
    {
        for (int i = 1; i < pointers.Length; i++)
        {
            pointers[i] += pointers[i - 1];
        }
    }
}
