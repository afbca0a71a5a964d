namespace Federated.Simulation.Partitions;

/// <summary>Cuts a list into consecutive parts whose sizes differ by one at most.</summary>
internal static class EqualParts
{
    public static int[][] Of(int[] items, int parts)
    {
        int[][] result = new int[parts][];
        for (int i = 0; i < parts; i++)
        {
            int start = (int)((long)items.Length * i / parts);
            int end = (int)((long)items.Length * (i + 1) / parts);
            result[i] = items[start..end];
        }

        return result;
    }
}
