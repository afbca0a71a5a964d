namespace Federated.UnitTests.Repository;

/// <summary>The checkout that the tests were built from.</summary>
internal static class RepositoryRoot
{
    internal static string Path { get; } = Find();

    internal static string File(string relative) => System.IO.Path.Combine(Path, relative);

    /// <summary>Files of the checkout with one of the extensions, without build outputs.</summary>
    internal static IEnumerable<string> Files(params string[] extensions) =>
        Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(System.IO.Path.GetExtension(file), StringComparer.Ordinal))
            .Where(file => !Relative(file).Split('/').Any(part => part is "bin" or "obj" or ".git" or "artifacts" or "results" or "data"));

    internal static string Relative(string file) => System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/');

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "Federated.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Federated.sln above {AppContext.BaseDirectory}.");
    }
}
