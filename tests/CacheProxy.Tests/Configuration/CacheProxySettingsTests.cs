using CacheProxy.Configuration;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class CacheProxySettingsTests
{
    [Theory]
    [InlineData("CacheProxy:Tenant:Sources", "Header:X-Org")]
    [InlineData("CacheProxy:Tenant:BaseDomains", "example.com, example.org")]
    [InlineData("CacheProxy:Credentials:Headers", "X-Token")]
    [InlineData("CacheProxy:Credentials:FingerprintSecret", "s3cret")]
    [InlineData("CacheProxy:Redis:ConnectionString", "localhost:6379,password=s3cret")]
    [InlineData("CacheProxy:Redis:KeyPrefix", "prod:")]
    [InlineData("CacheProxy:Redis:Timeout", "10s")]
    [InlineData("CacheProxy:Redis:Timeout", "00:00:00.001")]
    [InlineData("CacheProxy:InlineSockets", "true")]
    [InlineData("CacheProxy:Memory:MaxHeldBytes", "1048576")]
    [InlineData("CacheProxy:Memory:MaxHeldBytes", "1073741824")]
    [InlineData("CacheProxy:Memory:UnreadTimeout", "1h")]
    [InlineData("CacheProxy:Memory:SizeLimit", "1048576")]
    [InlineData("CacheProxy:Memory:SizeLimit", "1073741824")]
    [InlineData("Serilog:MinimumLevel:Default", "debug")]
    [InlineData("Serilog:MinimumLevel:Override:CacheProxy", "Debug")]
    [InlineData("Serilog:MinimumLevel:Override:Microsoft.AspNetCore", "Verbose")]
    public void Accepts(string key, string value) => CandidateConfiguration.Accepted((key, value));

    [Theory]
    [InlineData("CacheProxy:Tenant:Sources:0", "Cookie:tenant")]
    [InlineData("CacheProxy:Tenant:Sources:0", "Header:X Tenant")]
    [InlineData("CacheProxy:Tenant:BaseDomains:0", "*.example.com")]
    [InlineData("CacheProxy:Tenant:BaseDomains:0", "https://example.com")]
    [InlineData("CacheProxy:Credentials:Headers:0", "X Token")]
    [InlineData("CacheProxy:Redis:KeyPrefix", "{tag}:")]
    [InlineData("CacheProxy:Redis:KeyPrefix", "a b")]
    [InlineData("CacheProxy:Redis:Timeout", "0")]
    [InlineData("CacheProxy:Redis:Timeout", "11s")]
    [InlineData("CacheProxy:Redis:Timeout", "250")]
    [InlineData("CacheProxy:InlineSockets", "sometimes")]
    [InlineData("CacheProxy:Memory:MaxHeldBytes", "1048575")]
    [InlineData("CacheProxy:Memory:MaxHeldBytes", "64MiB")]
    [InlineData("CacheProxy:Memory:UnreadTimeout", "0")]
    [InlineData("CacheProxy:Memory:SizeLimit", "1048575")]
    [InlineData("CacheProxy:Memory:SizeLimit", "64MiB")]
    [InlineData("Serilog:MinimumLevel:Default", "Trace")]
    [InlineData("Serilog:MinimumLevel:Override:Yarp", "Loud")]
    public void Refuses_with_key_and_value(string key, string value)
    {
        var problem = CandidateConfiguration.Refused((key, value));

        Assert.Equal(key, problem.Key);
        Assert.Equal(value, problem.Value);
    }

    [Theory]
    [InlineData("CacheProxy:Polices:customer:Ttl", "CacheProxy:Polices", "CacheProxy:Policies")]
    [InlineData("CacheProxy:Redis:TimeOuts", "CacheProxy:Redis:TimeOuts", "CacheProxy:Redis:Timeout")]
    [InlineData("CacheProxy:Tenant:Source", "CacheProxy:Tenant:Source", "CacheProxy:Tenant:Sources")]
    [InlineData("CacheProxy:Credentials:Header", "CacheProxy:Credentials:Header", "CacheProxy:Credentials:Headers")]
    [InlineData("Serilog:MinimumLevels:Default", "Serilog:MinimumLevels", "Serilog:MinimumLevel")]
    [InlineData("Kestrel:Endpoints:Prox:Url", "Kestrel:Endpoints:Prox", "Kestrel:Endpoints:Proxy")]
    public void Refuses_an_unknown_key_and_says_what_was_meant(string key, string unknown, string meant)
    {
        var problem = CandidateConfiguration.Refused((key, "x"));

        Assert.Equal(unknown, problem.Key);
        Assert.Contains($"did you mean {meant}?", problem.Allowed);
    }

    [Fact]
    public void Refuses_a_list_in_a_list() => Assert.Equal(
        "CacheProxy:Tenant:Sources:2", CandidateConfiguration.Refused(("CacheProxy:Tenant:Sources:2:0", "Host")).Key);

    [Theory]
    [InlineData("redis://:s3cret@redis:6379")]
    [InlineData("redis:6379,pasword=s3cret")]
    [InlineData("redis:6379,connectTimeout=s3cret")]
    [InlineData("password=s3cret")]
    public void A_secret_is_never_in_the_report(string connectionString)
    {
        var problem = CandidateConfiguration.Refused(("CacheProxy:Redis:ConnectionString", connectionString));

        Assert.Equal("***", problem.Value);
        Assert.DoesNotContain("s3cret", ConfigurationReport.Text([problem]));
    }

    [Theory]
    [InlineData("redis:6379,pasword=s3cret,ssl=true", "; pasword cannot be read")]
    [InlineData("redis:6379,password=s3cret, connectTimeout=soon", "; connectTimeout cannot be read")]
    public void An_option_of_the_connection_string_that_cannot_be_read_is_named(string connectionString, string end) =>
        Assert.EndsWith(end, CandidateConfiguration.Refused(("CacheProxy:Redis:ConnectionString", connectionString)).Allowed);

    [Fact]
    public void A_secret_in_the_wrong_place_is_not_in_the_report_either() => Assert.DoesNotContain(
        "s3cret", ConfigurationReport.Text([CandidateConfiguration.Refused(("CacheProxy:Redis", "redis:6379,password=s3cret"))]));

    [Fact]
    public void Less_room_in_memory_than_one_body_may_need_is_refused()
    {
        var problem = CandidateConfiguration.Refused(
            ("CacheProxy:Memory:MaxHeldBytes", "2000000"), ("CacheProxy:Policies:customer:MaxBodyBytes", "2000001"));

        Assert.Equal("CacheProxy:Memory:MaxHeldBytes", problem.Key);
        Assert.Equal("no less than CacheProxy:Policies:customer:MaxBodyBytes", problem.Allowed);
    }

    [Fact]
    public void All_problems_come_in_one_report()
    {
        var (snapshot, problems) = CandidateConfiguration.Compile(
            ("CacheProxy:Redis:Timeout", "250"),
            ("CacheProxy:Policies:customer:Ttl", "5"),
            ("CacheProxy:Tennant:Sources:0", "Host"),
            ("ReverseProxy:Routes:customer:Mach:Path", "/"),
            ("Kestrel:Endpoints:Management:Url", "9904"));

        Assert.Null(snapshot);
        Assert.Equal(
            [
                "CacheProxy:Policies:customer:Ttl", "CacheProxy:Redis:Timeout", "CacheProxy:Tennant",
                "Kestrel:Endpoints:Management:Url", "ReverseProxy:Routes:customer:Mach",
            ],
            problems.Select(static problem => problem.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Any_text_under_any_key_is_accepted_or_refused_but_never_throws()
    {
        string[] keys =
        [
            "CacheProxy:Tenant:Sources", "CacheProxy:Tenant:BaseDomains:0", "CacheProxy:Redis:ConnectionString",
            "CacheProxy:Redis:KeyPrefix", "CacheProxy:Redis:Timeout", "CacheProxy:Policies:customer:Key",
            "CacheProxy:Encryption:KeyFiles", "CacheProxy:Management:TokensFile", "CacheProxy:Tenants:demo:MaxBytes", "CacheProxy:Tenants:*:Mode",
            "CacheProxy:Policies:customer:Ttl", "CacheProxy:Policies:customer",
            "CacheProxy:Policies:customer:EvictOn", "CacheProxy:Policies:customer:StatusCodes:3", "Kestrel:Endpoints:Proxy:Url",
            "ReverseProxy:Routes:customer:Match:Path", "ReverseProxy:Routes:customer:Metadata:Evicts", "ReverseProxy:Routes:customer:Order",
            "ReverseProxy:Routes:customer:Match:Methods:0", "ReverseProxy:Clusters:customer-api:Destinations:primary:Address",
            "ReverseProxy:Clusters:customer-api:HttpRequest:Version", "Serilog:MinimumLevel:Default",
            "ReverseProxy:Routes:customer:Match:Hosts:0",
        ];
        // A slash makes a path of it.
        var texts = Gen.Elements("", "/").Zip(ArbMap.Default.GeneratorFor<NonNull<string>>()).Select(static parts => parts.Item1 + parts.Item2.Get);
        var changes = Gen.Zip(Gen.Elements(keys), texts);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(200),
            Prop.ForAll(changes.ToArbitrary(), static change =>
            {
                var (snapshot, problems) = CandidateConfiguration.CompileAnything((change.Item1, change.Item2));
                return snapshot is null == problems.Count > 0;
            }));
    }
}
