using System.Net;
using CacheProxy.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class ManagementSettingsTests : IDisposable
{
    private const string Tokens = "CacheProxy:Management:Tokens";
    private const string TokensFile = "CacheProxy:Management:TokensFile";
    private const string ReadsFrom = "CacheProxy:Management:ReadsFrom";
    private const string First = "first-token-of-sixteen";
    private const string Second = "c2Vjb25kIHRva2Vu/+==";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cacheproxy-tokens-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Every_token_of_the_list_and_of_the_file_is_recognised_and_no_other()
    {
        var access = Accepted((Tokens, First), (TokensFile, File($"# of the job\n\n {Second} \n")));

        Assert.Equal(ManagementToken.Of(First).Fingerprint, access.Find(First));
        Assert.Equal(ManagementToken.Of(Second).Fingerprint, access.Find(Second));
        Assert.Null(access.Find(First + "x"));
        Assert.Null(access.Find("# of the job"));
        Assert.Null(access.Find(""));
    }

    [Fact]
    public void Nobody_has_a_token_unless_one_is_configured() => Assert.False(Accepted().HasTokens);

    [Theory]
    [InlineData("too-short")]
    [InlineData("with a blank in it which is not allowed")]
    [InlineData("ünïcödé-is-not-allowed")]
    public void A_token_that_cannot_be_one_is_refused_and_not_shown(string token)
    {
        var problem = CandidateConfiguration.Refused(($"{Tokens}:0", token));

        Assert.Equal(($"{Tokens}:0", "***"), (problem.Key, problem.Value));
    }

    [Theory]
    [InlineData("first-token-of-sixteen\nshort-secret\n", "line 2")]
    [InlineData("# nothing but this\n", "at least one token")]
    public void A_file_that_holds_something_else_is_refused_and_its_content_is_not_shown(string content, string allowed)
    {
        var problem = CandidateConfiguration.Refused((TokensFile, File(content)));

        Assert.Contains(allowed, problem.Allowed, StringComparison.Ordinal);
        Assert.DoesNotContain("short-secret", ConfigurationReport.Text([problem]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokens")]
    [InlineData("/nowhere/tokens")]
    [InlineData("/nowhere/tok\0ens")]
    public void A_file_that_is_not_there_or_has_no_absolute_path_is_refused(string path) =>
        Assert.Equal((TokensFile, path), (CandidateConfiguration.Refused((TokensFile, path)).Key, path));

    [Fact]
    public void Reads_are_from_the_networks_that_are_named()
    {
        var access = Accepted((ReadsFrom, "10.0.0.0/8, fd00::/8"));

        Assert.True(access.MayRead(IPAddress.Parse("10.1.2.3")));
        Assert.True(access.MayRead(IPAddress.Parse("::ffff:10.1.2.3")));
        Assert.True(access.MayRead(IPAddress.Parse("fd00::1")));
        Assert.False(access.MayRead(IPAddress.Parse("11.0.0.1")));
    }

    [Fact]
    public void Reads_are_from_the_machine_alone_unless_said_otherwise()
    {
        Assert.False(Accepted().MayRead(IPAddress.Parse("10.1.2.3")));
        Assert.False(Accepted((ReadsFrom, "loopback")).MayRead(IPAddress.Parse("10.1.2.3")));
        Assert.True(Accepted((ReadsFrom, "anywhere")).MayRead(IPAddress.Parse("10.1.2.3")));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.0/33")]
    [InlineData("everywhere")]
    public void A_place_that_is_none_is_refused(string place) =>
        Assert.Equal((ReadsFrom, place), (CandidateConfiguration.Refused((ReadsFrom, place)).Key, place));

    private static ManagementAccess Accepted(params (string, string?)[] changes) => CandidateConfiguration.Accepted(changes).Options.Access;

    private string File(string content)
    {
        var path = Path.Combine(_folder.FullName, "tokens");
        System.IO.File.WriteAllText(path, content);
        return path;
    }
}
