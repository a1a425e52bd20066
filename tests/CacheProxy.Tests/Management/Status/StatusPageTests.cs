using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CacheProxy.Management.Status;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.Tests.Management.Status;

public sealed partial class StatusPageTests
{
    [Fact]
    public async Task Only_the_script_and_the_style_that_are_in_the_page_are_allowed()
    {
        var (context, page) = await GetAsync();

        var policy = context.Response.Headers.ContentSecurityPolicy.ToString();
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        Assert.Contains($"script-src {HashOf(page, "script")};", policy, StringComparison.Ordinal);
        Assert.Contains($"style-src {HashOf(page, "style")};", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("no-referrer", context.Response.Headers["Referrer-Policy"]);
    }

    [Fact]
    public async Task The_page_names_nothing_that_is_elsewhere() => Assert.Equal(
        ["http://www.w3.org/2000/svg"],
        // What stands in an empty field is only an example.
        Address().Matches(Regex.Replace((await GetAsync()).Page, "placeholder=\"[^\"]*\"", "")).Select(static match => match.Value).Distinct());

    [Fact]
    public async Task Whatever_is_shown_is_set_as_text() =>
        Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacent|document\\.write|eval\\(|\\son[a-z]+=\"", (await GetAsync()).Page);

    [Fact]
    public async Task A_HEAD_gets_no_body() => Assert.Empty((await GetAsync("HEAD")).Page);

    private static async Task<(HttpContext Context, string Page)> GetAsync(string method = "GET")
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Response.Body = body;
        await using var services = new ServiceCollection().BuildServiceProvider();
        await StatusPage.Create(services)(context);
        return (context, Encoding.UTF8.GetString(body.ToArray()));
    }

    private static string HashOf(string page, string element)
    {
        var text = Regex.Match(page, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline).Groups[1].Value;
        Assert.NotEmpty(text);
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";
    }

    [GeneratedRegex("https?://[^'\" )]+")]
    private static partial Regex Address();
}
