using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Tests.Http;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class ClientConditionsTests
{
    [Fact]
    public void The_API_is_asked_without_the_clients_conditions_which_come_back_afterwards()
    {
        IHeaderDictionary headers = Headers.Live("If-None-Match: \"client\"", $"If-Modified-Since: {Headers.Date}", "Accept: a");

        var conditions = ClientConditions.Replace(headers, default);
        Assert.Equal(["Accept"], headers.Keys);

        conditions.Restore();
        Assert.Equal("\"client\"", headers.IfNoneMatch);
        Assert.Equal(Headers.Date, headers.IfModifiedSince);
    }

    [Fact]
    public void What_is_stored_is_validated_in_their_place()
    {
        IHeaderDictionary headers = Headers.Live("If-None-Match: \"client\"");

        var conditions = ClientConditions.Replace(headers, Validators.Of(Headers.Response("ETag: \"stored\"", $"Last-Modified: {Headers.Date}")));
        Assert.Equal("\"stored\"", headers.IfNoneMatch);
        Assert.Equal(Headers.Date, headers.IfModifiedSince);

        conditions.Restore();
        Assert.Equal("\"client\"", headers.IfNoneMatch);
        Assert.False(headers.ContainsKey("If-Modified-Since"));
    }

    [Theory]
    [InlineData("Accept: a", "ETag: \"a\"", 200, false)]
    [InlineData("If-None-Match: \"a\"", "ETag: \"a\"", 200, true)]
    [InlineData("If-None-Match: W/\"a\"", "ETag: \"a\"", 200, true)]
    [InlineData("If-None-Match: *", "ETag: \"a\"", 200, true)]
    [InlineData("If-None-Match: \"b\"", "ETag: \"a\"", 200, false)]
    [InlineData("If-None-Match: \"a\"", "X: 1", 200, false)]
    [InlineData("If-None-Match: \"a\"", "ETag: \"a\"", 404, false)]
    [InlineData("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", 200, true)]
    [InlineData("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", 200, false)]
    public void The_clients_conditions_are_answered_from_the_whole_response(string condition, string validator, int status, bool areMet)
    {
        var conditions = ClientConditions.Replace(Headers.Live(condition), default);
        var response = new DefaultHttpContext().Response;
        response.StatusCode = status;
        foreach (var (name, values) in Headers.Live(validator))
        {
            response.Headers[name] = values;
        }

        Assert.Equal(areMet, conditions.AreMetBy(response, Headers.DateMs + 60_000));
    }
}
