using System.Text.Encodings.Web;
using CustomerApi;
using CustomerApi.Customers;
using CustomerApi.Data;
using CustomerApi.Diagnostics;
using CustomerApi.Tenants;

// The folder of the program, not the working folder: started from the root of the repository it would else
// read the sidecar's appsettings.json and take the sidecar's ports.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
DefaultAddress.Apply(builder);
// Here and not in a settings file, which would land beside that of whoever builds this program along with its own.
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

builder.Services.AddProblemDetails();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<QueryCounter>();
builder.Services.AddSingleton(services => new Database(
    DatabaseFile.Choose(builder.Configuration["Database:Path"]), services.GetRequiredService<QueryCounter>()));
builder.Services.AddSingleton<CustomerQueries>();
builder.Services.AddSingleton<CustomerCommands>();
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

// What the start itself asked is not the clients' doing.
app.Services.GetRequiredService<QueryCounter>().Reset();
app.Logger.LogInformation("Database file: {Path}", database.Path);

app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseMiddleware<TenantMiddleware>();
app.MapCustomers();
app.MapDiagnostics();

await app.RunAsync();
return 0;
