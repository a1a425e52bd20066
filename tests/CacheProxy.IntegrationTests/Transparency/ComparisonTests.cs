using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>The same bytes are sent to the API directly and through the sidecar; what arrives and what comes back must be the same.</summary>
public sealed class ComparisonTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nok";

    public static readonly TheoryData<string> Targets =
    [
        "/", "/?", "/a", "/a/", "/A/a?B=b", "/a%2Fb/%41/c%27?x=%20y+z", "/a//b/.;c", "//a", "///", "/a/../b/./c", "/a/..%2f..%2Fb", "/%2e%2E/x",
        "/%c3%a9%C3%A9", "/%zz%", "/%25%32%35", "/a%2", "/a;v=1/b,c;w=2", "/a\\b", "/a%5cb", "/~user/!$&'()*+,=:@", "/a|b{c}^d`e\"f<g>h", "/[x]",
        "/a?{}|\\^`\"<>[]'", "/a?x=%zz&&=&x", "/a?a?b?c", "/a?%3f%2F%26", "/a?q=%e9%E9", "/a#fragment", "/a?b#c", "/a\tb", "/a\u0001\u007fb",
        "/api/customers/1%2F2", "/api/customers/1%252F2", "/trailing./dot.", "/space%20", "/%E2%80%AE", "/a%00b?allowed=no".Replace("%00", "%01", StringComparison.Ordinal),
    ];

    public static readonly TheoryData<string> Requests =
    [
        "GET /x HTTP/1.1\r\nHost: Example.COM:8080\r\naccept: */*\r\nx-lower: 1\r\nX-Upper: 2\r\nx-MiXeD: 3\r\nUSER-AGENT: a/1 (b; c)\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nX-R: 1\r\nX-Other: o\r\nx-r: 2\r\nAccept: a\r\nAccept: b;q=0.1\r\nCookie: a=1\r\nCookie: b=\"2\"\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\nUser-Agent: b\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nX-Latin: caf\u00e9\r\nX-Utf8: caf\u00c3\u00a9 \u00e2\u0082\u00ac\r\nX-All: \u0080\u00a0\u00ad\u00ff\r\nReferer: /\u00e9\r\nAuthorization: Basic \u00e9\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Space:   a   b   \r\nX-Tab:\ta\tb\r\nX-Quote: \"a, b\", c;d=\"e\\\"f\"\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nIf-Modified-Since: yesterday\r\nIf-None-Match: a, W/\"b\", *\r\nRange: bytes=oops\r\nDate: soon\r\nAccept: ;;\r\nAuthorization: \r\nExpires: -1\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\nbaggage: c=d\r\nRequest-Id: |e.f\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: outer.example\r\nForwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nVia: 1.1 edge\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nUpgrade-Insecure-Requests: 1\r\nConnection: keep-alive, X-Named\r\nX-Named: kept\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, br;q=0.5\r\nX-HTTP-Method-Override: DELETE\r\nX-Original-URL: /admin\r\nX-Tenant-Subdomain: Demo\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"a\", W/\"b\"\r\nIf-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nCache-Control: no-cache, max-age=0, made-up=\"a\"\r\nPragma: no-cache\r\nWarning: 199 - \"x\"\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2, -1\r\nIf-Range: \"a\"\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nALPN: h2\r\nClose: 1\r\nSecurity-Scheme: a\r\nAlt-Svc: b\r\nProxy-Features: c\r\nProxy-Status: d\r\nMax-Forwards: 0\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n",
        "DELETE /x HTTP/1.1\r\nHost: x\r\n\r\n",
        "DELETE /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\nContent-Type: application/json; charset=UTF-8\r\nContent-MD5: x\r\nContent-Encoding: gzip\r\nContent-Language: de\r\n\r\n{\"\u00e9\":1}",
        "PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n4\r\n\u0000\u00ff\r\n\r\n0\r\n\r\n",
        "PATCH /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n\u0000",
        "OPTIONS /x HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: PUT\r\nOrigin: https://a.example\r\n\r\n",
        "TRACE /x HTTP/1.1\r\nHost: x\r\n\r\n",
        "PROPFIND /x HTTP/1.1\r\nHost: x\r\nDepth: 1\r\nContent-Length: 2\r\n\r\n<>",
        "M-SEARCH!#$%&'*+.^_`|~ /x HTTP/1.1\r\nHost: x\r\n\r\n",
        "purge /x HTTP/1.1\r\nHost: x\r\n\r\n",
        "put /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na",
        "GET http://other.example:81/a%2fb//c?d=%7e HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://other.example HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://other.example?a=1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /x HTTP/1.0\r\n\r\n",
        "GET /x HTTP/1.0\r\nHost: x\r\n\r\n",
        "POST /x HTTP/1.0\r\nHost: x\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc",
        "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ];

    public static readonly TheoryData<string> Responses =
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 Quite fine, thanks\r\nx-lower: 1\r\nX-Upper: 2\r\nServer: api/1\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nX-Latin: caf\u00e9\r\nX-Utf8: caf\u00c3\u00a9\r\nContent-Disposition: attachment; filename=\"\u00e9.txt\"\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2, c\r\nVary: a\r\nVary: b, C\r\nLink: <a>\r\nLink: <b>\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nDate: nope\r\nExpires: -1\r\nLast-Modified: x\r\nAge: many\r\nETag: unquoted\r\nCache-Control: ,,max-age=\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html;;charset\r\nContent-Encoding: gzip\r\nContent-MD5: x\r\nContent-Range: bytes 0-0/1\r\nAllow: x\r\nContent-Length: 4\r\n\r\n\u0000\u00ff\r\n",
        "HTTP/1.1 200 OK\r\nX-Empty:\r\nX-Space:  a  b  \r\nAccept-Ranges: bytes\r\nStrict-Transport-Security: max-age=1\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;ext=1\r\na\r\n3\r\nb\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nAlt-Svc: h3=\":1\"\r\nKeep-Alive: timeout=5\r\nConnection: X-Named\r\nX-Named: kept\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nCache-Status: edge; hit\r\nVia: 1.1 edge\r\nPragma: x\r\nWarning: 110 - \"y\"\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nCache-Control: public, max-age=60\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nALPN: h2\r\nClose: 1\r\nSecurity-Scheme: a\r\nUpgrade-Insecure-Requests: 1\r\nProxy-Status: b\r\nTrailer: c\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-1/3\r\nContent-Length: 1\r\n\r\nb",
        "HTTP/1.1 299 Made up\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 301 Moved Permanently\r\nLocation: http://elsewhere.example/%7e?a|b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: W/\"a\"\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nbad",
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 999 Off the scale\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
    ];

    [Theory, MemberData(nameof(Targets))]
    public async Task A_target_arrives_byte_for_byte(string target)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => Ok);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        await RawHttp.SendAsync(proxy.Port, $"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(target, (await upstream.NextRequestAsync()).Target);
    }

    [Theory, MemberData(nameof(Requests))]
    public async Task A_request_arrives_as_if_sent_directly(string request)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => Ok);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        await RawHttp.SendAsync(upstream.Port, request);
        await RawHttp.SendAsync(proxy.Port, request);

        Comparison.AssertSame(KnownDifferences.OfRequests, await upstream.NextRequestAsync(), await upstream.NextRequestAsync());
    }

    [Theory, MemberData(nameof(Responses))]
    public async Task A_response_comes_back_as_if_asked_directly(string response)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => response);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        var direct = await RawHttp.SendAsync(upstream.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
        var forwarded = await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");

        Comparison.AssertSame(KnownDifferences.OfResponses, direct, forwarded);
    }

    [Theory, InlineData("Content-Length: 7\r\n"), InlineData("Transfer-Encoding: chunked\r\n"), InlineData("")]
    public async Task A_response_to_HEAD_has_the_headers_and_no_body(string framing)
    {
        var head = $"HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n{framing}ETag: \"a\"\r\n\r\n";
        await using var upstream = await RawUpstream.StartAsync(_ => head);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        var direct = await RawHttp.SendAsync(upstream.Port, "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n");
        var everything = await RawHttp.SendUntilCloseAsync(proxy.Port, "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        var end = everything.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        Assert.Equal(everything.Length, end);
        var withoutFraming = new RawHttpMessage(direct.Head.Replace("Transfer-Encoding: chunked\r\n", "", StringComparison.Ordinal), "");
        Comparison.AssertSame(KnownDifferences.OfResponses, withoutFraming, new RawHttpMessage(everything, ""));
    }

    [Fact]
    public async Task Every_known_difference_stands_in_the_documentation()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "transparency.md"), TestContext.Current.CancellationToken);

        Assert.All(
            KnownDifferences.All,
            difference => Assert.Contains($"| {difference.Name} |", page, StringComparison.Ordinal));
    }
}
