namespace CacheProxy.Management.Figures;

/// <summary><c>GET /statistics</c>: what is counted since the start and over the last minutes, as JSON.</summary>
internal static class StatisticsPage
{
    public const string Path = "/statistics";

    public static RequestDelegate Create(StatisticsDocument document) => async context =>
    {
        var body = await document.WriteAsync();
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    };

    /// <summary>Who scrapes wants to know later what the last minutes were, and gets what they were before he asked.</summary>
    public static RequestDelegate Noticing(RequestDelegate metrics, Statistics statistics) => context =>
    {
        statistics.Notice();
        return metrics(context);
    };
}
