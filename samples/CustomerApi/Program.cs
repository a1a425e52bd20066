using System.Text.Encodings.Web;
using CustomerApi;
using CustomerApi.Customers;
using CustomerApi.Data;
using CustomerApi.Diagnostics;
using CustomerApi.Resources;
using CustomerApi.Tenants;

// The folder of the program, not the working folder: otherwise, started from the root of the repository, it would
// read the sidecar's appsettings.json and take the sidecar's ports.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
DefaultAddress.Apply(builder);
// Not in a settings file: a build copies it beside the settings of every program that is built together with this one.
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

var latency = builder.Configuration["Database:LatencyMilliseconds"];
if (QueryLatency.Read(latency, TimeProvider.System) is not { } queryLatency)
{
    Console.Error.WriteLine($"Database:LatencyMilliseconds is milliseconds, such as 8 or 5-10, and not '{latency}'.");
    return 1;
}

builder.Services.AddProblemDetails();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<QueryCounter>();
builder.Services.AddSingleton(services => new Database(
    DatabaseFile.Choose(builder.Configuration["Database:Path"]), services.GetRequiredService<QueryCounter>()));
builder.Services.AddSingleton<CustomerQueries>();
builder.Services.AddSingleton<CustomerCommands>();
builder.Services.AddSingleton<Rows>();
builder.Services.AddSingleton<TenantDirectory>();
// Names and phone numbers as people write them; no HTML page embeds what this API answers.
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping);

var app = builder.Build();

var database = app.Services.GetRequiredService<Database>();
try
{
    await DatabaseSchema.CreateAndSeedAsync(database, app.Lifetime.ApplicationStopping);
    await app.Services.GetRequiredService<TenantDirectory>().LoadAsync(app.Lifetime.ApplicationStopping);
}
catch (Exception problem) when (problem is UnusableDatabaseException or Microsoft.Data.Sqlite.SqliteException)
{
    Console.Error.WriteLine($"Cannot use the database file '{database.Path}' (setting Database:Path): {problem.Message}");
    return 1;
}

// The queries of the start are not caused by clients: they are not counted, and do not wait.
app.Services.GetRequiredService<QueryCounter>().Reset();
database.Latency = queryLatency;
app.Logger.LogInformation("Database file: {Path}", database.Path);

app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseMiddleware<TenantMiddleware>();
app.MapCustomers();
app.MapResources();
app.MapTenants();
app.MapDiagnostics();

await app.RunAsync();
return 0;
