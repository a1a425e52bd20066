using Dapper;

namespace CustomerApi.Data;

/// <summary>Creates the tables and fills them, once per file, however many processes start with it.</summary>
internal static class DatabaseSchema
{
    /// <summary>Kept in SQLite's user_version; a file of another version is left alone.</summary>
    private const long Version = 2;

    private const string Tables = """
        CREATE TABLE tenants (
            id                INTEGER PRIMARY KEY,
            subdomain         TEXT NOT NULL UNIQUE,
            name              TEXT NOT NULL,
            last_customer_id  INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE customers (
            tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
            id           INTEGER NOT NULL,
            first_name   TEXT NOT NULL,
            last_name    TEXT NOT NULL,
            email        TEXT,
            phone        TEXT,
            street       TEXT,
            city         TEXT,
            postal_code  TEXT,
            notes        TEXT,
            created_at   TEXT NOT NULL,
            updated_at   TEXT NOT NULL,
            PRIMARY KEY (tenant_id, id)
        ) WITHOUT ROWID;
        CREATE INDEX customers_by_name ON customers (tenant_id, last_name, first_name);
        CREATE TABLE pets (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id    INTEGER NOT NULL,
            customer_id  INTEGER NOT NULL,
            name         TEXT NOT NULL,
            species      TEXT NOT NULL,
            breed        TEXT,
            birth_date   TEXT,
            FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE CASCADE
        );
        CREATE INDEX pets_by_customer ON pets (tenant_id, customer_id);
        CREATE UNIQUE INDEX pets_by_tenant ON pets (tenant_id, id);
        CREATE TABLE services (
            id                INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id         INTEGER NOT NULL REFERENCES tenants (id),
            name              TEXT NOT NULL,
            description       TEXT,
            price_cents       INTEGER NOT NULL,
            duration_minutes  INTEGER NOT NULL,
            UNIQUE (tenant_id, id)
        );
        CREATE TABLE staff (
            id         INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id  INTEGER NOT NULL REFERENCES tenants (id),
            name       TEXT NOT NULL,
            role       TEXT NOT NULL,
            email      TEXT,
            phone      TEXT,
            UNIQUE (tenant_id, id)
        );
        CREATE TABLE reservations (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id    INTEGER NOT NULL,
            customer_id  INTEGER NOT NULL,
            pet_id       INTEGER NOT NULL,
            service_id   INTEGER NOT NULL,
            staff_id     INTEGER,
            starts_at    TEXT NOT NULL,
            ends_at      TEXT NOT NULL,
            status       TEXT NOT NULL,
            FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE CASCADE,
            FOREIGN KEY (tenant_id, pet_id) REFERENCES pets (tenant_id, id) ON DELETE CASCADE,
            FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id),
            FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)
        );
        CREATE INDEX reservations_by_customer ON reservations (tenant_id, customer_id);
        CREATE INDEX reservations_by_pet ON reservations (tenant_id, pet_id);
        """;

    public static async Task CreateAndSeedAsync(Database database, CancellationToken stop)
    {
        await using var connection = await database.OpenAsync(stop);
        // A writer does not block readers.
        await connection.ExecuteAsync("PRAGMA journal_mode = WAL");
        await using var transaction = connection.BeginTransaction(deferred: false);
        var found = await connection.ExecuteScalarAsync<long>("PRAGMA user_version", transaction: transaction);
        if (found == Version)
        {
            return;
        }

        if (found != 0)
        {
            throw new UnusableDatabaseException($"it has schema version {found}, this program knows {Version}; delete it or name another.");
        }

        await connection.ExecuteAsync(Tables, transaction: transaction);
        await SeedData.InsertAsync(transaction);
        await connection.ExecuteAsync($"PRAGMA user_version = {Version}", transaction: transaction);
        await transaction.CommitAsync(stop);
    }
}
