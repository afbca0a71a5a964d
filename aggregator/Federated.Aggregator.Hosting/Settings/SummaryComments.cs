using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Federated.Aggregator.Hosting.Settings;

/// <summary>Reads the comments of properties from the documentation files that the compiler writes beside the assemblies.</summary>
internal static partial class SummaryComments
{
    private static readonly ConcurrentDictionary<string, Dictionary<string, string>> Files = new(StringComparer.Ordinal);

    /// <summary>The summary as plain text; empty when the documentation file is missing.</summary>
    public static string Of(PropertyInfo property)
    {
        var type = property.DeclaringType!;
        var comments = Files.GetOrAdd(Path.ChangeExtension(type.Assembly.Location, ".xml"), Read);
        return comments.GetValueOrDefault($"P:{type.FullName}.{property.Name}", "");
    }

    private static Dictionary<string, string> Read(string path)
    {
        return File.Exists(path)
            ? XDocument.Load(path).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value, Summary)
            : [];
    }

    private static string Summary(XElement member)
    {
        var parts = member.Element("summary")?.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement reference => $"`{(reference.Attribute("cref")?.Value ?? reference.Value).Split('.')[^1]}`",
            _ => node.ToString(),
        });
        return WhiteSpace().Replace(string.Concat(parts ?? []), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
