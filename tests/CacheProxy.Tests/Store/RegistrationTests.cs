using CacheProxy.Store;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class RegistrationTests
{
    [Theory]
    [InlineData(null, 60_000, true)]
    [InlineData(103L, 100, true)]
    [InlineData(102L, 100, false)]
    [InlineData(100L, 100, false)]
    [InlineData(0L, 0, false)]
    [InlineData(60_063L, 60_000, true)]
    [InlineData(60_061L, 60_000, false)]
    [InlineData(-500L, 100, false)]
    // The node's clock was set forward by an hour while the API answered: the write seems to have ended long before.
    [InlineData(3_600_050L, 100, true)]
    public void Only_a_write_that_seems_to_have_ended_before_the_API_was_asked_lets_a_response_be_stored(long? sinceWriteMs, int elapsedMs, bool isSince) =>
        Assert.Equal(isSince, new Registration(RegistrationOutcome.Registered, sinceWriteMs).IsSince(TimeSpan.FromMilliseconds(elapsedMs)));

    [Theory]
    [InlineData(nameof(RegistrationOutcome.Written))]
    [InlineData(nameof(RegistrationOutcome.Full))]
    [InlineData(nameof(RegistrationOutcome.Unavailable))]
    public void What_was_not_registered_is_not_stored(string outcome) => Assert.False(new Registration(Enum.Parse<RegistrationOutcome>(outcome)).IsSince(TimeSpan.Zero));
}
