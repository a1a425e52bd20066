using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// The API: it takes its time before it reads or commits and again before it answers, and goes on with a write whose client has gone.
/// </summary>
/// <param name="customers">By id.</param>
/// <param name="longestWrite">Its own request timeout, from when the client sent a write to its commit.</param>
/// <param name="committed">Told the name and the version of each write that it commits.</param>
/// <param name="ofPets">Whether a customer's version is that of the pet that it contains.</param>
internal sealed class LongRunApi(
    IReadOnlyDictionary<string, RecordedCustomer> customers, TimeSpan longestWrite, Action<string, int> committed, bool ofPets = false)
{
    private const string VersionMember = "\"version\":";

    public const string VersionHeader = "X-Version";

    /// <summary>When the client sent its request, a timestamp.</summary>
    public const string SentHeader = "X-Sent";

    /// <summary>Names a write.</summary>
    public const string WriteHeader = "X-Write";

    private int _underWay;
    private int _tooLate;

    /// <summary>Requests that it is still at.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Writes that came too late for the API's own request timeout.</summary>
    public int TooLate => Volatile.Read(ref _tooLate);

    /// <summary>The version that an answer states.</summary>
    public static string VersionIn(string body) =>
        body.IndexOf(VersionMember, StringComparison.Ordinal) is var start and >= 0 ? body[(start + VersionMember.Length)..].TrimEnd('}') : body;

    public async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _underWay);
        try
        {
            var customer = customers[context.Request.Path.Value!.Split('/')[^1]];
            var script = ApiScript.Parse(context.Request.Headers[ApiScript.HeaderName].ToString());
            await Pause.ForAsync(script.BeforeMs);
            await (HttpMethods.IsGet(context.Request.Method) ? ReadAsync(context, customer, script, ofPets) : WriteAsync(context, customer, script));
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private static async Task ReadAsync(HttpContext context, RecordedCustomer customer, ApiScript script, bool ofPets)
    {
        if (script.Outcome != ApiOutcome.Done)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        var (version, exists) = customer.Read();
        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
        if (script.IsShortLived)
        {
            context.Response.Headers.ETag = tag;
            // Date tells whole seconds and is up to two of them behind: with less an answer could arrive stale every time.
            context.Response.Headers.CacheControl = "max-age=2";
        }

        await Pause.ForAsync(script.AfterMs);
        if (script.IsShortLived && exists && context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await SayAsync(context.Response, exists ? StatusCodes.Status200OK : StatusCodes.Status404NotFound, version, ofPets ? customer.Id : null);
    }

    private async Task WriteAsync(HttpContext context, RecordedCustomer customer, ApiScript script)
    {
        if (Stopwatch.GetElapsedTime(long.Parse(context.Request.Headers[SentHeader].ToString(), CultureInfo.InvariantCulture)) > longestWrite)
        {
            Interlocked.Increment(ref _tooLate);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        if (script.Outcome is ApiOutcome.Refused or ApiOutcome.FailedBefore)
        {
            context.Response.StatusCode = script.Outcome == ApiOutcome.Refused
                ? StatusCodes.Status409Conflict
                : StatusCodes.Status500InternalServerError;
            return;
        }

        var version = customer.Commit(exists: !HttpMethods.IsDelete(context.Request.Method));
        committed(context.Request.Headers[WriteHeader].ToString(), version);
        await Pause.ForAsync(script.AfterMs);
        await SayAsync(
            context.Response,
            script.Outcome == ApiOutcome.FailedAfter ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK,
            version);
    }

    private static Task SayAsync(HttpResponse response, int status, int version, string? pet = null)
    {
        var text = version.ToString(CultureInfo.InvariantCulture);
        response.StatusCode = status;
        response.Headers[VersionHeader] = text;
        if (pet is null)
        {
            return response.WriteAsync(text);
        }

        response.ContentType = "application/json";
        return response.WriteAsync($$"""{"pets":[{"id":{{pet}}}],{{VersionMember}}{{text}}}""");
    }
}
