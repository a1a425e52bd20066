using CacheProxy.CommandLine;
using Xunit;

namespace CacheProxy.Tests.CommandLine;

public sealed class CommandWordTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("--CacheProxy:Redis:Timeout=1s", "--CacheProxy:Redis:Timeout=1s")]
    [InlineData("--CacheProxy:Redis:Timeout 1s", "--CacheProxy:Redis:Timeout 1s")]
    [InlineData("--CacheProxy:Redis:Timeout", "--CacheProxy:Redis:Timeout")]
    [InlineData("run", "")]
    [InlineData("run --CacheProxy:Redis:Timeout=1s x", "--CacheProxy:Redis:Timeout=1s x")]
    public void Without_another_command_the_program_runs_with_these_settings(string arguments, string settings)
    {
        Assert.True(CommandWord.IsRun(Split(arguments), out var found));
        Assert.Equal(Split(settings), found);
    }

    [Theory]
    [InlineData("check-config --CacheProxy:Redis:Timeout=1s")]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("--version")]
    [InlineData("run --help")]
    [InlineData("start")]
    [InlineData("-x=1")]
    [InlineData("Run")]
    public void Anything_else_is_not_a_start(string arguments) => Assert.False(CommandWord.IsRun(Split(arguments), out _));

    private static string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
