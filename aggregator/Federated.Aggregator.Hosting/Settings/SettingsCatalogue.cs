using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Federated.Aggregator.Hosting.Settings;

/// <summary>
/// The settings of a program, read from its options classes. A setting is a writable property; its
/// <see cref="DescriptionAttribute"/>, or else its comment, is the text of the help and of docs/configuration.md.
/// </summary>
public sealed class SettingsCatalogue(IReadOnlyList<SettingsGroup> groups)
{
    /// <summary>
    /// For the host, before the program's own arguments: settings are read once. A watch for changes would be over the working folder and all below it, which often
    /// holds the data, and wake the process at every write.
    /// </summary>
    public const string ReadOnce = "--hostBuilder:reloadConfigOnChange=false";

    private static readonly string[] HostKeys = ["Logging", "Kestrel", "environment", "urls", "contentRoot", "applicationName", "AllowedHosts"];

    public IEnumerable<Setting> Settings => groups.SelectMany(SettingsOf);

    /// <summary>Whether a command line asks for help instead of a run.</summary>
    public static bool AsksForHelp(IEnumerable<string> arguments) => arguments.Any(argument => argument is "--help" or "-h" or "-?" or "/?");

    /// <summary>What --help prints.</summary>
    /// <param name="introduction">What the program is and how it is called.</param>
    public string Help(string introduction)
    {
        var text = new StringBuilder(introduction);
        foreach (Setting setting in Settings)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"  --{setting.Key}={setting.Default}    {setting.TypeName}");
            text.AppendLine(CultureInfo.InvariantCulture, $"      {setting.Description}");
        }

        return text.ToString();
    }

    /// <summary>Settings in our sections, or on the command line, that no options class knows, such as a misspelt one.</summary>
    /// <returns>A sentence for each.</returns>
    public IReadOnlyList<string> FindUnknown(IConfiguration configuration, IEnumerable<string> arguments)
    {
        HashSet<string> known = Settings.Select(setting => setting.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        IEnumerable<string> inSections = groups
            .SelectMany(group => configuration.GetSection(group.Section).AsEnumerable())
            .Where(pair => pair.Value is not null)
            .Select(pair => pair.Key);
        IEnumerable<string> onCommandLine = arguments
            .Where(argument => argument.StartsWith("--", StringComparison.Ordinal))
            .Select(argument => argument[2..].Split('=', 2)[0]);
        return
        [
            .. inSections.Concat(onCommandLine)
                .Where(key => !known.Contains(key) && !HostKeys.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase))
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Select(key => $"{key} is not a setting of this program; --help lists them."),
        ];
    }

    /// <summary>What the program runs with, a line a setting, secrets left out.</summary>
    public string Effective(IConfiguration configuration) =>
        string.Join(Environment.NewLine, EffectiveValues(configuration).Select(pair => $"{pair.Setting.Key} = {pair.Value}"));

    private IEnumerable<(Setting Setting, string Value)> EffectiveValues(IConfiguration configuration)
    {
        foreach (SettingsGroup group in groups)
        {
            object options = Activator.CreateInstance(group.Type)!;
            configuration.GetSection(group.Section).Bind(options);
            foreach (PropertyInfo property in PropertiesOf(group))
            {
                Setting setting = Describe(group.Section, property, options);
                bool isSet = property.GetValue(options) is not null;
                yield return (setting, setting.IsSecret && isSet ? "(secret)" : Format(property.GetValue(options)));
            }
        }
    }

    private static IEnumerable<Setting> SettingsOf(SettingsGroup group)
    {
        object defaults = Activator.CreateInstance(group.Type)!;
        return PropertiesOf(group).Select(property => Describe(group.Section, property, defaults));
    }

    private static IEnumerable<PropertyInfo> PropertiesOf(SettingsGroup group) =>
        group.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite && group.Only?.Contains(property.Name, StringComparer.Ordinal) != false);

    private static Setting Describe(string section, PropertyInfo property, object options)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return new Setting(
            $"{section}:{property.Name}",
            type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type)) : NameOf(type),
            Format(property.GetValue(options)),
            property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? SummaryComments.Of(property),
            property.GetCustomAttribute<SecretAttribute>() is not null || property.GetCustomAttribute<DataTypeAttribute>()?.DataType == DataType.Password);
    }

    private static string NameOf(Type type) =>
        type == typeof(string) ? "text"
        : type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "[days.]hours:minutes:seconds"
        : type == typeof(double) ? "number"
        : "whole number";

    private static string Format(object? value) => value switch
    {
        null => "(unset)",
        bool flag => flag ? "true" : "false",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        string text => text,
        IEnumerable items => string.Join(", ", items.Cast<object>()),
        _ => value.ToString()!,
    };
}
