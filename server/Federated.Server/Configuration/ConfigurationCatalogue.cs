using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Federated.Aggregator;
using Federated.Coordination.Hierarchy;
using Federated.Coordination.Jobs;

namespace Federated.Server.Configuration;

/// <summary>
/// The settings of the server, read from the options classes. A setting is a writable property; its
/// <see cref="DescriptionAttribute"/>, or else its comment, is the text of the help and of docs/configuration.md.
/// </summary>
internal static class ConfigurationCatalogue
{
    public const string CoordinationSection = "Coordination";

    public static IReadOnlyList<(string Section, Type Type)> Groups { get; } =
    [
        (DataOptions.Section, typeof(DataOptions)),
        (DatabaseOptions.Section, typeof(DatabaseOptions)),
        (EndpointOptions.Section, typeof(EndpointOptions)),
        (AdministrationOptions.Section, typeof(AdministrationOptions)),
        (DeviceIdentityOptions.Section, typeof(DeviceIdentityOptions)),
        (CoordinationSection, typeof(CoordinationOptions)),
        (AggregatorNodeOptions.SectionName, typeof(AggregatorNodeOptions)),
        (PlannerOptions.SectionName, typeof(PlannerOptions)),
    ];

    public static IEnumerable<ConfigurationSetting> Settings => Groups.SelectMany(group => SettingsOf(group.Section, group.Type));

    public static IEnumerable<(ConfigurationSetting Setting, string Value)> EffectiveValues(IConfiguration configuration)
    {
        foreach (var (section, type) in Groups)
        {
            var options = Activator.CreateInstance(type)!;
            configuration.GetSection(section).Bind(options);
            foreach (var property in PropertiesOf(type))
            {
                var setting = Describe(section, property, options);
                var isSet = property.GetValue(options) is not null;
                yield return (setting, setting.IsSecret && isSet ? "(secret)" : Format(property.GetValue(options)));
            }
        }
    }

    private static IEnumerable<ConfigurationSetting> SettingsOf(string section, Type type)
    {
        var defaults = Activator.CreateInstance(type)!;
        return PropertiesOf(type).Select(property => Describe(section, property, defaults));
    }

    private static IEnumerable<PropertyInfo> PropertiesOf(Type type)
    {
        return type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);
    }

    private static ConfigurationSetting Describe(string section, PropertyInfo property, object options)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return new ConfigurationSetting(
            $"{section}:{property.Name}",
            type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type)) : NameOf(type),
            Format(property.GetValue(options)),
            property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? SummaryComments.Of(property),
            property.GetCustomAttribute<SecretAttribute>() is not null);
    }

    private static string NameOf(Type type)
    {
        return type == typeof(string) ? "text"
            : type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "[days.]hours:minutes:seconds"
            : type == typeof(double) ? "number"
            : "whole number";
    }

    private static string Format(object? value)
    {
        return value switch
        {
            null => "(unset)",
            bool flag => flag ? "true" : "false",
            IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
            string text => text,
            IEnumerable items => string.Join(", ", items.Cast<object>()),
            _ => value.ToString()!,
        };
    }
}
