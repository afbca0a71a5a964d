namespace Federated.Client.Sparse.Layout;

/// <summary>
/// How the outputs of a convolution are cut into groups of 64 floats whose sources are contiguous. Where the rows are whole numbers of groups, groups cover the rows alone; otherwise they cover
/// all rows in one run, with the gaps between them, whose results nobody uses.
/// </summary>
internal sealed class GatherGeometry
{
    public const int GroupFloats = 64;

    private GatherGeometry(int rows, int rowLength, int rowPitch, int[] sources, int lastVectorFloats, int rowsPerTile)
    {
        Rows = rows;
        RowLength = rowLength;
        RowPitch = rowPitch;
        Sources = sources;
        LastGroupFloats = lastVectorFloats;
        RowsPerTile = rowsPerTile;
        GroupsPerTile = rowsPerTile == rows ? sources.Length : rowsPerTile * rowLength / GroupFloats;
    }

    /// <summary>Output rows.</summary>
    public int Rows { get; }

    /// <summary>Floats of an output row.</summary>
    public int RowLength { get; }

    /// <summary>Floats from one output row to the next in the result.</summary>
    public int RowPitch { get; }

    /// <summary>Where each group's source starts, from the source of the first output.</summary>
    public int[] Sources { get; }

    /// <summary>Floats of the last group that are used, at most 64.</summary>
    public int LastGroupFloats { get; }

    /// <summary>Rows of a tile: a part of the image whose sources stay in the cache while all output channels are computed.</summary>
    public int RowsPerTile { get; }

    /// <summary>Groups of a tile; the last tile may have fewer.</summary>
    public int GroupsPerTile { get; }

    /// <summary>Number of tiles.</summary>
    public int Tiles => (Rows + RowsPerTile - 1) / RowsPerTile;

    /// <summary>Floats of one output channel's result.</summary>
    public int ResultLength => Sources.Length * GroupFloats;

    /// <summary>Floats of a tile's result.</summary>
    public int TileLength => GroupsPerTile * GroupFloats;

    public static GatherGeometry Of(int rows, int rowLength, int sourcePitch)
    {
        if (rowLength % GroupFloats == 0)
        {
            int groups = rowLength / GroupFloats;
            int[] sources = new int[rows * groups];
            for (int i = 0; i < sources.Length; i++)
            {
                sources[i] = (i / groups * sourcePitch) + (i % groups * GroupFloats);
            }

            // A kernel call takes four groups.
            int rowsPerTile = groups % 4 == 0 ? 1 : groups % 2 == 0 ? 2 : 4;
            return new GatherGeometry(rows, rowLength, rowLength, sources, GroupFloats, Math.Min(rowsPerTile, rows));
        }

        int run = ((rows - 1) * sourcePitch) + rowLength;
        int[] run64 = new int[(run + GroupFloats - 1) / GroupFloats];
        for (int i = 0; i < run64.Length; i++)
        {
            run64[i] = i * GroupFloats;
        }

        return new GatherGeometry(rows, rowLength, sourcePitch, run64, run - ((run64.Length - 1) * GroupFloats), rows);
    }
}
