using System.Globalization;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Reading;

/// <summary>Answers a client from a stored response: whole, 304, 206, 416, or the headers alone.</summary>
internal sealed partial class HitResponder(
    ClientWriter writer, CacheEventLog events, CacheMetrics metrics, TimeProvider time, ILogger<HitResponder> logger)
{
    /// <summary>Whether the client has what is stored, so that a 304 answers it.</summary>
    public bool IsNotModified(HttpContext context, StoredResponse stored) =>
        ConditionalRequest.IsPresent(context.Request.Headers)
        && ConditionalRequest.Evaluate(context.Request.Headers, stored.Status, ValidatorsOf(stored), NowMs) == ConditionalOutcome.NotModified;

    /// <summary>Answers a hit, and counts it.</summary>
    /// <returns>As <see cref="TrySendAsync"/>.</returns>
    public Task<bool> TryServeAsync(
        HttpContext context, CachePolicy policy, string? tenant, StoredResponse stored, long ageMs, long began, bool isCopy = false)
    {
        var stale = !stored.Freshness.IsFresh(ageMs);
        if (events.AreWritten)
        {
            events.Hit(policy.Events, tenant, policy.IdOf(context.Request.RouteValues));
        }

        metrics.Hit(policy.Name, stale, tenant, isCopy);
        var status = new CacheStatus(Hit: true, TtlSeconds: stored.Freshness.TtlSeconds(ageMs), Detail: isCopy ? CacheStatus.Copy : null);
        var sent = TrySendAsync(context, policy, stored, ageMs, status);
        return AtHand.TryTake(sent, out var isSent) ? Task.FromResult(Served(isSent, policy, stale, began)) : WaitAsync(sent, policy, stale, began);
    }

    /// <returns>Whether the client has the answer. If not, it has nothing yet, and the API is asked as if this were not stored.</returns>
    public Task<bool> TrySendAsync(HttpContext context, CachePolicy policy, StoredResponse stored, long ageMs, in CacheStatus status)
    {
        Task sent;
        try
        {
            sent = SendAsync(context, stored, ageMs, status);
        }
        catch (Exception exception)
        {
            // As one that comes later.
            sent = Task.FromException(exception);
        }

        return sent.IsCompletedSuccessfully ? Task.FromResult(true) : WaitAsync(context, policy, sent);
    }

    private async Task<bool> WaitAsync(Task<bool> sent, CachePolicy policy, bool stale, long began) =>
        Served(await sent, policy, stale, began);

    private bool Served(bool sent, CachePolicy policy, bool stale, long began)
    {
        if (sent)
        {
            metrics.HitServed(policy.Name, stale, began);
        }

        return sent;
    }

    private async Task<bool> WaitAsync(HttpContext context, CachePolicy policy, Task sent)
    {
        try
        {
            await sent;
            return true;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            // Something else than a fill of ours wrote the entry: it is no reason for an error of ours. The next fill replaces it.
            ForwardResponder.Reset(context.Response);
            CannotBeSent(logger, policy.Name, exception);
            return false;
        }
    }

    /// <param name="context">The client's request; its response has not begun.</param>
    /// <param name="stored">What to answer with.</param>
    /// <param name="ageMs">Its age.</param>
    /// <param name="status">What Cache-Status says.</param>
    private Task SendAsync(HttpContext context, StoredResponse stored, long ageMs, in CacheStatus status)
    {
        var response = context.Response;
        response.StatusCode = stored.Status;
        CopyHeaders(stored.Headers, response.Headers);
        response.Headers.Age = (ageMs / 1000).ToString(CultureInfo.InvariantCulture);
        status.AppendTo(response.Headers);

        var isHead = HttpMethods.IsHead(context.Request.Method);
        // A GET was looked up without its body only because it was seen to be answered by 304; so it is, whatever the clock shows now.
        if ((stored.AbsentBodyLength is not null && !isHead) || IsNotModified(context, stored))
        {
            NotModifiedResponse.Make(response);
            return Task.CompletedTask;
        }

        var body = stored.Body;
        if (context.Request.Headers.Range.Count > 0 && IsRangeAllowed(context, stored))
        {
            body = SelectRange(context, body);
        }

        if (!MayHaveBody(response.StatusCode))
        {
            response.ContentLength = null;
            return Task.CompletedTask;
        }

        response.ContentLength = isHead ? stored.BodyLength : body.Length;
        return isHead || body.IsEmpty
            ? Task.CompletedTask
            : writer.WriteAsync(context, response.Body, body);
    }

    private bool IsRangeAllowed(HttpContext context, StoredResponse stored) =>
        stored.Status == StatusCodes.Status200OK
        && HttpMethods.IsGet(context.Request.Method)
        && ByteRange.IsAllowedByIfRange(context.Request.Headers.IfRange, ValidatorsOf(stored), NowMs);

    private static Validators ValidatorsOf(StoredResponse stored) => Validators.Of(new ResponseHeaders(stored.Headers));

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static ReadOnlyMemory<byte> SelectRange(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        switch (ByteRange.Select(context.Request.Headers.Range, body.Length, out var range))
        {
            case RangeOutcome.Whole:
                return body;
            case RangeOutcome.Partial:
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = range.ContentRange(body.Length);
                return body.Slice((int)range.First, (int)range.Length);
            case RangeOutcome.Unsatisfiable:
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = ByteRange.ContentRangeUnsatisfied(body.Length);
                response.Headers.Remove("Content-Type");
                return ReadOnlyMemory<byte>.Empty;
            default:
                throw new InvalidOperationException("No such outcome of a range.");
        }
    }

    private static void CopyHeaders(HeaderField[] fields, IHeaderDictionary headers)
    {
        if (headers.Count == 0)
        {
            var copied = 0;
            foreach (var field in fields)
            {
                if (!IsContentLength(field))
                {
                    headers[field.Name] = field.Value;
                    copied++;
                }
            }

            // Each name was there once, as nearly always: none had to be looked for before it was set.
            if (headers.Count == copied)
            {
                return;
            }

            headers.Clear();
        }

        foreach (var field in fields)
        {
            if (!IsContentLength(field))
            {
                var existing = headers[field.Name];
                headers[field.Name] = existing.Count == 0 ? field.Value : StringValues.Concat(existing, field.Value);
            }
        }
    }

    // The length is the body's, whatever a line says.
    private static bool IsContentLength(in HeaderField field) => field.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    private static bool MayHaveBody(int status) =>
        status is >= 200 and not StatusCodes.Status204NoContent and not StatusCodes.Status205ResetContent
            and not StatusCodes.Status304NotModified;

    [LoggerMessage(2102, LogLevel.Warning, "A stored response of policy {Policy} cannot be sent; the API is asked instead")]
    private static partial void CannotBeSent(ILogger logger, string policy, Exception exception);
}
