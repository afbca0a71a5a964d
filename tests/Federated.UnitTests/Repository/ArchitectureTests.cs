using System.Xml.Linq;

namespace Federated.UnitTests.Repository;

/// <summary>The arrows of docs/architecture.md, asserted from the project files.</summary>
public sealed class ArchitectureTests
{
    /// <summary>A project may reference the projects named here, and what those reference.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Federated.Numerics"] = [],
        ["Federated.Protocol"] = ["Federated.Numerics"],
        ["Federated.Client"] = ["Federated.Protocol"],
        ["Federated.Client.Torch"] = ["Federated.Client"],
        ["Federated.Aggregation"] = ["Federated.Numerics"],
        ["Federated.Storage"] = [],
        ["Federated.Aggregator"] = ["Federated.Protocol", "Federated.Aggregation", "Federated.Storage"],
        ["Federated.Aggregator.Hosting"] = ["Federated.Aggregator"],
        ["Federated.AggregatorHost"] = ["Federated.Aggregator.Hosting"],
        ["Federated.Coordination"] = ["Federated.Protocol", "Federated.Aggregation", "Federated.Storage"],
        ["Federated.Simulation"] = ["Federated.Coordination", "Federated.Aggregator", "Federated.Client.Torch"],
        ["Federated.Server"] = ["Federated.Coordination", "Federated.Aggregator.Hosting"],
    };

    private static readonly string[] Executables = ["Federated.Server", "Federated.AggregatorHost"];

    [Fact]
    public void Projects_References_FollowTheArrows()
    {
        IReadOnlyDictionary<string, string[]> projects = ProductProjects();

        foreach ((string project, string[] references) in projects)
        {
            Assert.True(Arrows.ContainsKey(project), $"{project} has no place in docs/architecture.md section 4 and in this test.");
            HashSet<string> allowed = Reachable(project);
            foreach (string reference in references)
            {
                Assert.True(allowed.Contains(reference), $"{project} must not reference {reference}; it may reference {string.Join(", ", allowed)}.");
            }
        }

        Assert.Equal(Arrows.Keys.Order(StringComparer.Ordinal), projects.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Projects_OfTheProduct_ReferenceNoExecutable()
    {
        foreach ((string project, string[] references) in ProductProjects())
        {
            Assert.DoesNotContain(references, reference => Executables.Contains(reference, StringComparer.Ordinal) && reference != project);
        }
    }

    [Theory]
    [InlineData("Federated.Server")]
    [InlineData("Federated.Aggregator")]
    [InlineData("Federated.Client")]
    public void Projects_WithoutTorch_NeverReachTorchSharp(string project)
    {
        foreach (string reached in Reachable(project).Append(project))
        {
            Assert.DoesNotContain("TorchSharp", File.ReadAllText(ProjectFile(reached)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Federated.Coordination")]
    [InlineData("Federated.Aggregator")]
    [InlineData("Federated.Aggregation")]
    [InlineData("Federated.Client")]
    public void Projects_WithoutAspNetCore_NeverReferenceIt(string project)
    {
        string text = File.ReadAllText(ProjectFile(project));

        Assert.DoesNotContain("AspNetCore", text, StringComparison.Ordinal);
        Assert.DoesNotContain("EntityFrameworkCore", text, StringComparison.Ordinal);
    }

    private static HashSet<string> Reachable(string project)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(Arrows[project]);
        while (open.TryPop(out string? next))
        {
            if (reached.Add(next))
            {
                foreach (string further in Arrows[next])
                {
                    open.Push(further);
                }
            }
        }

        return reached;
    }

    private static Dictionary<string, string[]> ProductProjects() =>
        RepositoryRoot.Files(".csproj")
            .Where(file => RepositoryRoot.Relative(file).Split('/')[0] is "client-sdk" or "aggregator" or "server")
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file), References, StringComparer.Ordinal);

    private static string ProjectFile(string project) =>
        RepositoryRoot.Files(".csproj").Single(file => Path.GetFileNameWithoutExtension(file) == project);

    private static string[] References(string file) =>
        [.. XDocument.Load(file).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))];
}
