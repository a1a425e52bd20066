using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests;

public sealed class CacheMiddlewareTests
{
    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    public async Task A_request_whose_endpoint_carries_no_rules_is_forwarded(string method)
    {
        var forwarded = 0;
        RequestDelegate next = _ =>
        {
            forwarded++;
            return Task.CompletedTask;
        };
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        var middleware = new CacheMiddleware(next, reads: null!, contentReads: null!, writes: null!, forwards: null!);

        await middleware.Invoke(context);
        context.SetEndpoint(new Endpoint(next, EndpointMetadataCollection.Empty, "not ours"));
        await middleware.Invoke(context);

        Assert.Equal(2, forwarded);
    }
}
