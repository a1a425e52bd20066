using CacheProxy.Configuration;
using CacheProxy.Tests.Store;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class EncryptionSettingsTests : IDisposable
{
    private const string KeyFiles = "CacheProxy:Encryption:KeyFiles";
    private const string Encrypt = "CacheProxy:Policies:customer:Encrypt";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cacheproxy-keys-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_files_hold_the_ring_in_their_order()
    {
        var accepted = CandidateConfiguration.Accepted((Encrypt, "true"), (KeyFiles, $"{File(1)}, {File(2)}"));

        Assert.Equal(EntrySealTests.Ring(1, 2).Ids, accepted.Options.Keys.Ids);
        Assert.True(accepted.Options.Policies.Single(static policy => policy.Name == "customer").Encrypt);
    }

    [Fact]
    public void Encrypt_without_a_key_is_refused()
    {
        var problem = CandidateConfiguration.Refused((Encrypt, "true"));

        Assert.Equal((Encrypt, "true", "only together with CacheProxy:Encryption:KeyFiles"), (problem.Key, problem.Value, problem.Allowed));
    }

    [Theory]
    [InlineData("c2hvcnQ=")]
    [InlineData("this is not base64 but may be a secret")]
    [InlineData("")]
    public void A_file_that_holds_something_else_is_named_and_its_content_is_not_shown(string content)
    {
        var path = Path.Combine(_folder.FullName, "wrong");
        System.IO.File.WriteAllText(path, content);

        var (snapshot, problems) = CandidateConfiguration.Compile(($"{KeyFiles}:0", File(1)), ($"{KeyFiles}:1", path), (Encrypt, "true"));

        Assert.Null(snapshot);
        var problem = Assert.Single(problems);
        Assert.Equal(($"{KeyFiles}:1", path), (problem.Key, problem.Value));
        Assert.Contains("32 bytes in base64", problem.Allowed, StringComparison.Ordinal);
        Assert.True(content.Length == 0 || !ConfigurationReport.Text(problems).Contains(content, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/nowhere/a.key")]
    [InlineData("a.key")]
    [InlineData("/nowhere/a\0.key")]
    public void A_file_that_is_missing_or_has_no_absolute_path_is_refused(string path)
    {
        var (_, problems) = CandidateConfiguration.Compile(($"{KeyFiles}:0", path));

        Assert.Equal(($"{KeyFiles}:0", path), (Assert.Single(problems).Key, problems[0].Value));
    }

    private string File(byte of)
    {
        var path = Path.Combine(_folder.FullName, $"{of}.key");
        System.IO.File.WriteAllBytes(path, EntrySealTests.KeyFile(of));
        return path;
    }
}
