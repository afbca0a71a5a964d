using System.Text;
using Federated.Aggregator.Hosting.Settings;
using Federated.AggregatorHost;
using Federated.Server.Configuration;

namespace Federated.FunctionalTests.Server;

/// <summary>docs/configuration.md says what the options classes say.</summary>
public sealed class ConfigurationDocsTests
{
    [Fact]
    public Task ConfigurationPage_Settings_AreThoseOfTheOptionsClasses()
    {
        return CheckAsync(
            ConfigurationCatalogue.Catalogue,
            "<!-- settings: written from the options classes; FEDERATED_WRITE_DOCS=1 writes them again -->",
            "<!-- end of settings -->");
    }

    [Fact]
    public Task ConfigurationPage_SettingsOfANode_AreThoseOfTheOptionsClasses()
    {
        return CheckAsync(
            HostCatalogue.Catalogue,
            "<!-- node settings: written from the options classes; FEDERATED_WRITE_DOCS=1 writes them again -->",
            "<!-- end of node settings -->");
    }

    [Fact]
    public void Settings_HaveADescription()
    {
        Assert.All(
            ConfigurationCatalogue.Catalogue.Settings.Concat(HostCatalogue.Catalogue.Settings),
            setting => Assert.False(string.IsNullOrWhiteSpace(setting.Description), setting.Key));
    }

    private static async Task CheckAsync(SettingsCatalogue catalogue, string startMark, string endMark)
    {
        var path = Path.Combine(RepositoryRoot(), "docs", "configuration.md");
        var page = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var start = page.IndexOf(startMark, StringComparison.Ordinal) + startMark.Length;
        var end = page.IndexOf(endMark, StringComparison.Ordinal);
        var expected = Render(catalogue);

        if (Environment.GetEnvironmentVariable("FEDERATED_WRITE_DOCS") == "1")
        {
            page = page[..start] + expected + page[end..];
            await File.WriteAllTextAsync(path, page, TestContext.Current.CancellationToken);
            end = page.IndexOf(endMark, StringComparison.Ordinal);
        }

        Assert.Equal(expected, page[start..end]);
    }

    private static string Render(SettingsCatalogue catalogue)
    {
        var text = new StringBuilder("\n");
        foreach (var group in catalogue.Settings.GroupBy(setting => setting.Key.Split(':')[0]))
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
