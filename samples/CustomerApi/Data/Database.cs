using CustomerApi.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CustomerApi.Data;

/// <summary>The SQLite file; every statement of a request goes through here and is counted.</summary>
internal sealed class Database(string path, QueryCounter counter)
{
    private readonly string _connectionString = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        ForeignKeys = true,
        DefaultTimeout = 30,
    }.ToString();

    public string Path { get; } = path;

    /// <summary>None until the start is over: only requests wait.</summary>
    public QueryLatency Latency { get; set; } = QueryLatency.None;

    public async Task<SqliteConnection> OpenAsync(CancellationToken stop)
    {
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(stop);
        return connection;
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(QueryKind kind, string sql, object? parameters, CancellationToken stop)
    {
        await using var connection = await OpenAsync(stop);
        counter.Count(kind);
        await Latency.PassAsync(stop);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: stop))).AsList();
    }

    /// <summary>Runs <paramref name="work"/> in one write transaction, which rolls back when it throws.</summary>
    public async Task<T> WriteAsync<T>(Func<WriteTransaction, Task<T>> work, CancellationToken stop)
    {
        await using var connection = await OpenAsync(stop);
        // Immediate: a deferred transaction that reads first fails instead of waiting for another writer.
        await using var transaction = connection.BeginTransaction(deferred: false);
        var result = await work(new WriteTransaction(transaction, Latency, counter, stop));
        await transaction.CommitAsync(stop);
        return result;
    }
}
