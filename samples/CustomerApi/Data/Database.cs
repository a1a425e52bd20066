using CustomerApi.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CustomerApi.Data;

/// <summary>The SQLite file; every statement of a request goes through here, which is how none escapes the count.</summary>
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
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: stop))).AsList();
    }

    /// <summary>Runs <paramref name="work"/> in one write transaction, which rolls back when it throws.</summary>
    public async Task<T> WriteAsync<T>(Func<WriteTransaction, Task<T>> work, CancellationToken stop)
    {
        await using var connection = await OpenAsync(stop);
        // Immediate: a deferred one that reads first cannot wait for another writer, it fails.
        await using var transaction = connection.BeginTransaction(deferred: false);
        var result = await work(new WriteTransaction(transaction, counter, stop));
        await transaction.CommitAsync(stop);
        return result;
    }
}
