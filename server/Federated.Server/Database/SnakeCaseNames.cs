using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Federated.Server.Database;

/// <summary>Names tables and columns so that they need no quotes in SQL: <c>TenantId</c> becomes <c>tenant_id</c>.</summary>
internal static class SnakeCaseNames
{
    private const string RowSuffix = "Row";

    public static void Apply(IMutableModel model)
    {
        foreach (var entity in model.GetEntityTypes())
        {
            entity.SetTableName(Convert(TableOf(entity.ClrType.Name[..^RowSuffix.Length])));
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(Convert(property.Name));
            }
        }
    }

    private static string TableOf(string row)
    {
        return row == "Audit" ? "AuditLog" : row + "s";
    }

    private static string Convert(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
