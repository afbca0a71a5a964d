using System.Data.Common;

namespace Federated.Server.Database.Statements;

/// <summary>
/// Statements that are executed in order, in one round trip where the provider can; elsewhere (SQLite, where there is nothing to travel)
/// one by one, and each text is prepared once.
/// </summary>
internal sealed class StatementBatch
{
    private readonly List<(RowStatement Statement, object Values)> _entries = [];

    public void Add(RowStatement statement, object values)
    {
        _entries.Add((statement, values));
    }

    public void AddRange(RowStatement statement, IEnumerable<object> rows)
    {
        _entries.AddRange(rows.Select(row => (statement, row)));
    }

    /// <returns>How many rows each statement has changed, in their order.</returns>
    public Task<int[]> ExecuteAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        var connection = transaction.Connection!;
        return connection.CanCreateBatch
            ? ExecuteTogetherAsync(connection, transaction, cancellationToken)
            : ExecuteEachAsync(connection, transaction, cancellationToken);
    }

    private async Task<int[]> ExecuteTogetherAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
    {
        await using var factory = connection.CreateCommand();
        await using var batch = connection.CreateBatch();
        batch.Transaction = transaction;
        foreach (var (statement, values) in _entries)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = statement.Text;
            command.Parameters.AddRange(statement.ParametersOf(factory, values));
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        return [.. batch.BatchCommands.Select(command => command.RecordsAffected)];
    }

    private async Task<int[]> ExecuteEachAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
    {
        var changed = new int[_entries.Count];
        var prepared = new Dictionary<RowStatement, DbCommand>();
        try
        {
            for (var i = 0; i < changed.Length; i++)
            {
                var (statement, values) = _entries[i];
                if (!prepared.TryGetValue(statement, out var command))
                {
                    prepared[statement] = command = connection.CreateCommand();
                    command.Transaction = transaction;
                    command.CommandText = statement.Text;
                }

                command.Parameters.Clear();
                command.Parameters.AddRange(statement.ParametersOf(command, values));
                changed[i] = await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        finally
        {
            foreach (var command in prepared.Values)
            {
                await command.DisposeAsync();
            }
        }

        return changed;
    }
}
