using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

public sealed class DateTextTests
{
    [Theory]
    [InlineData("2025-11-24", 0)]
    [InlineData("2025-11-24T00:00:00Z", 0)]
    [InlineData("2025-11-24t00:00:01z", 1)]
    [InlineData("2025-11-24T01:00:00+01:00", 0)]
    [InlineData("2025-11-23T23:00:00-01:00", 0)]
    [InlineData("2025-11-24 00:00:02", 2)]
    [InlineData("2025-11-24T00:01", 60)]
    [InlineData("2025-11-24T00:00:03.123456789Z", 3)]
    [InlineData("Mon, 24 Nov 2025 00:00:04 GMT", 4)]
    public void Reads_what_has_one_meaning(string text, int second)
    {
        var midnight = new DateTimeOffset(2025, 11, 24, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

        Assert.True(DateText.TryParse(text, midnight, out var read));
        Assert.Equal(second, (read - midnight) / 1000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1732406400")]
    [InlineData("1732406400000")]
    [InlineData("24.11.2025")]
    [InlineData("11/24/2025")]
    [InlineData("2025/11/24")]
    [InlineData("2025-13-24")]
    [InlineData("2025-11-31")]
    [InlineData("2025-11-24T25:00:00Z")]
    [InlineData("2025-11-24T00:00:00 Europe/Berlin")]
    [InlineData("2025-11-24 some day")]
    [InlineData("2025-11-241")]
    [InlineData("yesterday")]
    public void Reads_nothing_into_anything_else(string text) => Assert.False(DateText.TryParse(text, 0, out _));
}
