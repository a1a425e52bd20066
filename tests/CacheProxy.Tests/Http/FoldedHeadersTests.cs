using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

public sealed class FoldedHeadersTests
{
    private static readonly DecidingHeaders Deciding = new(["X-Api-Key", "Cookie", "X_Tenant", "X.Plan", "X-Plan"]);

    [Theory]
    [InlineData("X_Api_Key: 1")]
    [InlineData("x-api_key: 1")]
    [InlineData("X.API.KEY: 1")]
    [InlineData("X~Api^Key: 1")]
    [InlineData("X_Forwarded_Anything: 1")]
    [InlineData("X-Tenant: 1")]
    [InlineData("X.Tenant: 1")]
    [InlineData("X_Plan: 1")]
    [InlineData("X-Api-Key: 1|X_Api_Key: 1")]
    public void A_header_that_an_API_may_take_for_one_that_decides_is_a_doubt(string lines) => Assert.True(AreInDoubt(lines));

    [Theory]
    [InlineData("X-Api-Key: 1|Cookie: a_b|X-Forwarded-Host: a_b")]
    [InlineData("X_Tenant: 1")]
    [InlineData("x.plan: 1|x-plan: 1")]
    [InlineData("X_Request_Id: 1")]
    [InlineData("X_Api_Key_2: 1")]
    [InlineData("XApiKey: 1")]
    [InlineData("_: 1")]
    public void Any_other_is_none(string lines) => Assert.False(AreInDoubt(lines));

    [Fact]
    public void Only_a_mark_in_a_name_makes_one()
    {
        Assert.True(FoldedHeaders.Of(Headers.Live("X-Api-Key: a_b", "Host: a_b", "X1: 1")).IsEmpty);
        Assert.Equal(["X_A", "b.c"], FoldedHeaders.Of(Headers.Live("X_A: 1", "Host: a", "b.c: 2")).All.Select(static header => header.Name));
    }

    [Fact]
    public void Its_values_are_those_of_every_other_spelling() => Assert.Equal(
        "2,3,4", FoldedHeaders.Of(Headers.Live("X-A: 1", "X_A: 2", "X_A: 3", "x.a: 4", "X_B: 5")).ValuesFor("X-A").ToString());

    private static bool AreInDoubt(string lines)
    {
        var headers = Headers.Live(lines.Split('|'));
        return Deciding.AreInDoubt(headers, FoldedHeaders.Of(headers));
    }
}
