using CustomerApi.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CustomerApi.Data;

/// <summary>The statements of one write.</summary>
internal sealed class WriteTransaction(SqliteTransaction transaction, QueryCounter counter, CancellationToken stop)
{
    public async Task<IReadOnlyList<T>> QueryAsync<T>(QueryKind kind, string sql, object parameters)
    {
        counter.Count(kind);
        return (await transaction.Connection!.QueryAsync<T>(Command(sql, parameters))).AsList();
    }

    public Task<int> ExecuteAsync(QueryKind kind, string sql, object parameters)
    {
        counter.Count(kind);
        return transaction.Connection!.ExecuteAsync(Command(sql, parameters));
    }

    private CommandDefinition Command(string sql, object parameters) => new(sql, parameters, transaction, cancellationToken: stop);
}
