using System.Data.Common;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Federated.Server.Database.Statements;

/// <summary>
/// One INSERT or UPDATE of a row, with the names and conversions of the context's model but without its change tracker: a round
/// takes dozens of them between the last upload and the next task, and the tracker costs several times what the database does.
/// </summary>
internal sealed class RowStatement
{
    private readonly Column[] _columns;

    private RowStatement(string text, IEnumerable<IProperty> properties, Type values)
    {
        Text = text;
        _columns = [.. properties.Select(property => new Column(
            ParameterOf(property), values.GetProperty(property.Name)!, property.GetRelationalTypeMapping(), property.IsNullable))];
    }

    /// <summary>SQL that both providers read: names need no quotes (<see cref="SnakeCaseNames"/>).</summary>
    public string Text { get; }

    /// <param name="model">The context's model.</param>
    /// <param name="end">What follows the values, in SQL.</param>
    public static RowStatement Insert<TRow>(IModel model, string end = "")
    {
        var table = model.FindEntityType(typeof(TRow))!;
        IProperty[] properties = [.. table.GetProperties()];
        var columns = string.Join(", ", properties.Select(property => property.GetColumnName()));
        var values = string.Join(", ", properties.Select(ParameterOf));
        return new RowStatement($"INSERT INTO {table.GetTableName()} ({columns}) VALUES ({values}) {end}", properties, typeof(TRow));
    }

    /// <typeparam name="TRow">Names the table.</typeparam>
    /// <typeparam name="TValues">Has the properties that are set and compared, named as in the row.</typeparam>
    /// <param name="model">The context's model.</param>
    /// <param name="set">Properties that are written.</param>
    /// <param name="where">Properties that pick the row.</param>
    /// <param name="condition">What else must be true of the row as it was, in SQL; may use the parameters.</param>
    public static RowStatement Update<TRow, TValues>(IModel model, string[] set, string[] where, string condition)
    {
        var table = model.FindEntityType(typeof(TRow))!;
        IProperty[] written = [.. set.Select(name => table.FindProperty(name)!)];
        IProperty[] picked = [.. where.Select(name => table.FindProperty(name)!)];
        var text = $"UPDATE {table.GetTableName()} SET {string.Join(", ", written.Select(Assignment))} "
            + $"WHERE {string.Join(" AND ", picked.Select(Assignment))} AND {condition}";
        return new RowStatement(text, written.Union(picked), typeof(TValues));
    }

    /// <summary>The values, converted for the provider.</summary>
    /// <param name="factory">A command of the connection; nothing is added to it.</param>
    /// <param name="values">An instance of the type that the statement was made for.</param>
    public DbParameter[] ParametersOf(DbCommand factory, object values)
    {
        return Array.ConvertAll(_columns, column =>
            column.Mapping.CreateParameter(factory, column.Parameter, column.Property.GetValue(values), column.IsNullable));
    }

    private static string Assignment(IProperty property)
    {
        return $"{property.GetColumnName()} = {ParameterOf(property)}";
    }

    private static string ParameterOf(IProperty property)
    {
        return $"@{property.GetColumnName()}";
    }

    private sealed record Column(string Parameter, PropertyInfo Property, RelationalTypeMapping Mapping, bool IsNullable);
}
