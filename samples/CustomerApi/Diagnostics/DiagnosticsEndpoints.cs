namespace CustomerApi.Diagnostics;

/// <summary>What an operator asks this API: whether it serves, and what it has asked its database.</summary>
internal static class DiagnosticsEndpoints
{
    public static void MapDiagnostics(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => TypedResults.Text("ok\n"));
        app.MapGet("/diagnostics/queries", (QueryCounter counter) => counter.Snapshot());
        app.MapMethods("/diagnostics/queries", [HttpMethods.Delete, HttpMethods.Post], (QueryCounter counter) =>
        {
            counter.Reset();
            return counter.Snapshot();
        });
    }
}
