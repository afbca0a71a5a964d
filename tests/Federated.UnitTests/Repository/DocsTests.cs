using System.Text.RegularExpressions;

namespace Federated.UnitTests.Repository;

/// <summary>Documentation names only what exists.</summary>
public sealed partial class DocsTests
{
    public static TheoryData<string> Pages() =>
        [.. RepositoryRoot.Files(".md").Select(RepositoryRoot.Relative)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_PathsItNames_Exist(string page)
    {
        string text = File.ReadAllText(RepositoryRoot.File(page));

        List<string> missing = [.. PathInBackticks().Matches(text).Select(match => match.Groups[1].Value)
            .Where(path => !Path.Exists(RepositoryRoot.File(path))).Distinct()];

        Assert.True(missing.Count == 0, $"{page} names paths that do not exist: {string.Join(", ", missing)}");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_RelativeLinks_LeadSomewhere(string page)
    {
        string text = File.ReadAllText(RepositoryRoot.File(page));
        string folder = Path.GetDirectoryName(RepositoryRoot.File(page))!;

        List<string> broken = [.. MarkdownLink().Matches(text).Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('#'))
            .Where(link => !Path.Exists(Path.GetFullPath(Path.Combine(folder, link.Split('#')[0])))).Distinct()];

        Assert.True(broken.Count == 0, $"{page} has broken links: {string.Join(", ", broken)}");
    }

    // A path starts at a top-level folder and has no placeholder in it.
    [GeneratedRegex(@"`((?:server|client-sdk|aggregator|tests|deploy|samples|docs|\.ci)/[A-Za-z0-9_./-]*[A-Za-z0-9_/-])`")]
    private static partial Regex PathInBackticks();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex MarkdownLink();
}
