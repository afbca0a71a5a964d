using System.Buffers;

namespace Federated.Client.Transfer;

/// <summary>Names of blobs: SHA-256 in lower-case hexadecimal.</summary>
internal static class BlobId
{
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether the text is a blob id, and so also safe as a file name.</summary>
    public static bool IsValid(string text) =>
        text.Length == 64 && text.AsSpan().IndexOfAnyExcept(Hexadecimal) < 0;
}
