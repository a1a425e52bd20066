using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Management.Status;

/// <summary>
/// <c>GET /</c>: one page for people, which needs nothing from anywhere else. Its policy lets the browser run the one script and use the one
/// style that are in it, and talk to nobody but this listener.
/// </summary>
internal static class StatusPage
{
    public const string Path = "/";

    public static readonly Answer[] Answers = [Answer.Text(200, "The page.", "text/html")];

    public static RequestDelegate Create(IServiceProvider services)
    {
        var (style, script) = (Resource("status.css"), Resource("status.js"));
        var page = Encoding.UTF8.GetBytes(Resource("status.html")
            .Replace("{{style}}", style, StringComparison.Ordinal)
            .Replace("{{script}}", script, StringComparison.Ordinal));
        var policy = string.Join(
            "; ",
            "default-src 'none'",
            $"script-src {Hash(script)}",
            $"style-src {Hash(style)}",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'");
        return context =>
        {
            context.Response.Headers.ContentSecurityPolicy = policy;
            context.Response.Headers.XFrameOptions = "DENY";
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            context.Response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
            context.Response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
            context.Response.ContentType = "text/html; charset=utf-8";
            context.Response.ContentLength = page.Length;
            return HttpMethods.IsHead(context.Request.Method)
                ? Task.CompletedTask
                : context.Response.Body.WriteAsync(page, context.RequestAborted).AsTask();
        };
    }

    private static string Hash(string text) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";

    private static string Resource(string name)
    {
        using var stream = typeof(StatusPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
