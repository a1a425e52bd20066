using System.Text;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>Requests that ask by their content, and an API that answers with it.</summary>
internal static class ContentRequests
{
    public const string Target = "/api/customers/1";
    public const string Json = "application/json";

    public static readonly (string Key, string? Value)[] Reads =
        [("CacheProxy:Policies:customer:ReadMethods", "GET, QUERY, POST"), ("CacheProxy:Policies:customer:MaxRequestBodyBytes", "4096")];

    public static async Task<(bool IsHit, string Text)> AskAsync(ProxyUnderTest proxy, string method, string content, bool chunked = false)
    {
        var answer = await SendAsync(proxy, method, content, chunked ? "text/plain" : Json, chunked: chunked);
        return (answer.IsHit, answer.Text);
    }

    public static Task<ClientAnswer> SendAsync(
        ProxyUnderTest proxy, string method, string? content, string type, params (string Name, string Value)[] headers) =>
        SendAsync(proxy, method, content, type, Target, chunked: false, headers);

    public static Task<ClientAnswer> SendAsync(
        ProxyUnderTest proxy, string method, string? content, string type, string target = Target, bool chunked = false,
        params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), target);
        if (content is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(content));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        request.Headers.TransferEncodingChunked = chunked;
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return ClientAnswer.ReadAsync(proxy.Client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public static Task EchoAsync(HttpContext context) => EchoAsync(context, []);

    public static async Task EchoAsync(HttpContext context, params (string Name, string Value)[] headers) =>
        await Answers.SendAsync(context, 200, $"{context.Request.Method} {await ContentOfAsync(context)}", headers);

    public static async Task<string> ContentOfAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync();
    }
}
