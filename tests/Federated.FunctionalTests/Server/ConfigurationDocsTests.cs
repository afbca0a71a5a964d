using System.Text;
using Federated.Server.Configuration;

namespace Federated.FunctionalTests.Server;

/// <summary>docs/configuration.md says what the options classes say.</summary>
public sealed class ConfigurationDocsTests
{
    private const string Start = "<!-- settings: written from the options classes; FEDERATED_WRITE_DOCS=1 writes them again -->";
    private const string End = "<!-- end of settings -->";

    [Fact]
    public async Task ConfigurationPage_Settings_AreThoseOfTheOptionsClasses()
    {
        var path = Path.Combine(RepositoryRoot(), "docs", "configuration.md");
        var page = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var start = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        var expected = Render();

        if (Environment.GetEnvironmentVariable("FEDERATED_WRITE_DOCS") == "1")
        {
            page = page[..start] + expected + page[end..];
            await File.WriteAllTextAsync(path, page, TestContext.Current.CancellationToken);
            end = page.IndexOf(End, StringComparison.Ordinal);
        }

        Assert.Equal(expected, page[start..end]);
    }

    [Fact]
    public void Settings_HaveADescription()
    {
        Assert.All(ConfigurationCatalogue.Settings, setting => Assert.False(string.IsNullOrWhiteSpace(setting.Description), setting.Key));
    }

    private static string Render()
    {
        var text = new StringBuilder("\n");
        foreach (var group in ConfigurationCatalogue.Settings.GroupBy(setting => setting.Key.Split(':')[0]))
        {
            text.Append($"\n### {group.Key}\n\n| setting | default | meaning |\n|---|---|---|\n");
            foreach (var setting in group)
            {
                var secret = setting.IsSecret ? " Never logged." : "";
                text.Append($"| `{setting.Key}`<br>{setting.TypeName} | `{setting.Default}` | {setting.Description.Replace("|", "\\|", StringComparison.Ordinal)}{secret} |\n");
            }
        }

        return text.Append('\n').ToString();
    }

    private static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Federated.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Federated.sln above {AppContext.BaseDirectory}.");
    }
}
