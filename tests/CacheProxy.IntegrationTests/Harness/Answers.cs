using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>What a <see cref="StubApi"/> may answer.</summary>
internal static class Answers
{
    /// <summary>200 with a body of declared length.</summary>
    public static RequestDelegate Body(string body, params (string Name, string Value)[] headers) => context => SendAsync(context, 200, body, headers);

    public static RequestDelegate Status(int status, string body, params (string Name, string Value)[] headers) =>
        context => SendAsync(context, status, body, headers);

    /// <summary>The first answer is <c>1</c>, the second <c>2</c>, and so on.</summary>
    public static RequestDelegate Numbered(params (string Name, string Value)[] headers)
    {
        var count = 0;
        return context => SendAsync(context, 200, Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture), headers);
    }

    /// <summary>One answer after the other; the last one stays.</summary>
    public static RequestDelegate InTurn(params RequestDelegate[] answers)
    {
        var count = -1;
        return context => answers[Math.Min(Interlocked.Increment(ref count), answers.Length - 1)](context);
    }

    /// <summary>The body is the request header's value.</summary>
    public static RequestDelegate Echo(string header, params (string Name, string Value)[] headers) =>
        context => SendAsync(context, 200, context.Request.Headers[header].ToString(), headers);

    public static async Task SendAsync(HttpContext context, int status, string body, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
        {
            context.Response.Headers.Append(name, value);
        }

        if (status is 204 or 304)
        {
            return;
        }

        context.Response.ContentLength = Encoding.UTF8.GetByteCount(body);
        if (body.Length > 0 && !HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.WriteAsync(body);
        }
    }
}
