using CustomerApi.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CustomerApi.Data;

/// <summary>The statements of one write.</summary>
internal sealed class WriteTransaction(SqliteTransaction transaction, QueryLatency latency, QueryCounter counter, CancellationToken stop)
{
    public async Task<IReadOnlyList<T>> QueryAsync<T>(QueryKind kind, string sql, object parameters)
    {
        counter.Count(kind);
        await latency.PassAsync(stop);
        return (await transaction.Connection!.QueryAsync<T>(Command(sql, parameters))).AsList();
    }

    public async Task<int> ExecuteAsync(QueryKind kind, string sql, object parameters)
    {
        counter.Count(kind);
        await latency.PassAsync(stop);
        return await transaction.Connection!.ExecuteAsync(Command(sql, parameters));
    }

    private CommandDefinition Command(string sql, object parameters) => new(sql, parameters, transaction, cancellationToken: stop);
}
