using System.Reflection;
using Federated.Client;
using Federated.UnitTests.Repository;

namespace Federated.UnitTests.Client;

/// <summary>What docs/device-sdk.md says of the code is so.</summary>
public sealed class DeviceSdkDocsTests
{
    private static readonly string Page = File.ReadAllText(RepositoryRoot.File("docs/device-sdk.md"));

    [Fact]
    public void Snippet_EachLine_StandsInTheSampleThatIsCompiled()
    {
        string[] sample = [.. File.ReadAllLines(RepositoryRoot.File("samples/QuickStart/Program.cs")).Select(line => line.Trim())];
        string snippet = Page.Split("```csharp")[1].Split("```")[0];

        Assert.All(snippet.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), line => Assert.Contains(line, sample));
        Assert.True(sample.Length < 60, $"The sample has {sample.Length} lines.");
    }

    [Fact]
    public void Tables_OptionsAndReasons_AreComplete()
    {
        IEnumerable<string> options = Settable(typeof(FederatedClientOptions))
            .Append(nameof(FederatedClientOptions.JobIds))
            .Concat(Settable(typeof(RetryOptions)).Select(name => "Retry." + name))
            .Concat(Enum.GetNames<FederatedClientReason>());

        Assert.All(options, name => Assert.Contains($"| `{name}` |", Page, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => property.Name);
}
