using CacheProxy.Filling;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class HotRequestTests
{
    [Fact]
    public void It_is_read_as_it_was_written()
    {
        var hot = HotRequest.TryParse("demo https://api.test:444/api/customers/1\nX-Tenant-Subdomain: demo\naccept: text/html; q=0.5")!;

        Assert.Equal(("demo", "https", "api.test:444", "/api/customers/1"), (hot.Tenant, hot.Scheme, hot.Host, hot.Path));
        Assert.Equal([new("X-Tenant-Subdomain", "demo"), new("accept", "text/html; q=0.5")], hot.Headers);
    }

    /// <summary>Whoever can write to Redis can write into the list: nothing of it becomes a request that no client could have made us learn.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("demo")]
    [InlineData("demo http://api.test")]
    [InlineData("demo http://api.test/a?token=1")]
    [InlineData("demo http://api.test/a%2Fb")]
    [InlineData("demo http://api.test/../secret")]
    [InlineData("demo http://api.test/a\nAuthorization: Bearer stolen")]
    [InlineData("demo http://api.test/a\ncookie: stolen")]
    [InlineData("demo http://api.test/a\nTransfer-Encoding: chunked")]
    [InlineData("demo http://api.test/a\nHost: other")]
    [InlineData("demo http://api.test/a\nno colon")]
    [InlineData("demo http://api.test/a\nX-A: 1\r\nX-B: 2")]
    public void What_is_no_request_of_ours_is_none(string text) => Assert.Null(HotRequest.TryParse(text));

    [Fact]
    public void Any_text_is_a_request_or_none() => Prop.ForAll(
        ArbMap.Default.ArbFor<string?>(), static text => HotRequest.TryParse(text ?? "") is null or { Path.Length: > 0 }).QuickCheckThrowOnFailure();
}
