using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class ReverseProxyTests
{
    private const string Route = "ReverseProxy:Routes:customer";
    private const string Cluster = "ReverseProxy:Clusters:customer-api";
    private const string Pet = "CacheProxy:Policies:pet:Key";

    // YARP ignores it without a word, and the route is without its policy.
    [Theory]
    [InlineData("ReverseProxy:Routes:everything-else:Metadata", "ReverseProxy:Routes:everything-else:Metadata")]
    [InlineData("ReverseProxy:Routes:everything-else:Metadata:CachePolicy:0", "ReverseProxy:Routes:everything-else:Metadata:CachePolicy")]
    [InlineData("ReverseProxy:Routes:everything-else:Transforms:0:PathPrefix:x", "ReverseProxy:Routes:everything-else:Transforms:0:PathPrefix")]
    public void Refuses_metadata_and_transforms_of_another_form(string key, string refused) =>
        Assert.Equal(refused, CandidateConfiguration.Compile((key, "customer")).Problems[0].Key);

    [Theory]
    [InlineData($"{Route}:Order", "5")]
    [InlineData($"{Route}:Match:Methods:0", "GET")]
    [InlineData($"{Route}:Match:Hosts:0", "api.example.com")]
    [InlineData($"{Route}:Metadata:Team", "crm")]
    [InlineData($"{Route}:Timeout", "00:00:30")]
    [InlineData($"{Route}:Transforms:0:RequestHeader", "X-A")]
    [InlineData($"{Cluster}:LoadBalancingPolicy", "RoundRobin")]
    [InlineData($"{Cluster}:HttpRequest:ActivityTimeout", "00:02:00")]
    [InlineData($"{Cluster}:HttpRequest:Version", "2")]
    [InlineData($"{Cluster}:HttpRequest:VersionPolicy", "RequestVersionExact")]
    [InlineData($"{Cluster}:HttpClient:SslProtocols:0", "Tls13")]
    [InlineData($"{Cluster}:HttpClient:MaxConnectionsPerServer", "100")]
    [InlineData($"{Cluster}:HealthCheck:Passive:Enabled", "true")]
    [InlineData($"{Cluster}:Destinations:primary:Host", "api")]
    [InlineData($"{Cluster}:Metadata:Zone", "a")]
    public void Accepts_what_YARP_knows(string key, string value)
    {
        (string, string?)[] changes = key.Contains("Transforms")
            ? [(key, value), ($"{Route}:Transforms:0:Set", "b")]
            : [(key, value)];
        CandidateConfiguration.Accepted(changes);
    }

    [Theory]
    [InlineData($"{Route}:Ordr", "5", "Order")]
    [InlineData($"{Route}:Match:Pth", "/", "Path")]
    [InlineData($"{Route}:RouteId", "x", null)]
    [InlineData($"{Cluster}:Destination:primary:Address", "http://localhost", "Destinations")]
    [InlineData($"{Cluster}:Destinations:primary:Addres", "http://localhost", "Address")]
    [InlineData($"{Cluster}:HttpRequest:Timeout", "00:01:00", null)]
    [InlineData($"{Cluster}:HealthCheck:Active:Intervall", "00:01:00", "Interval")]
    [InlineData("ReverseProxy:Route:x:ClusterId", "customer-api", "Routes")]
    public void Refuses_keys_that_YARP_would_pass_over(string key, string value, string? meant)
    {
        var problem = CandidateConfiguration.Refused((key, value));

        Assert.StartsWith(problem.Key, key);
        Assert.Contains("unknown key", problem.Allowed);
        Assert.Contains(meant ?? "", problem.Allowed);
    }

    [Fact]
    public void A_wrong_match_hides_nothing_that_is_wrong_beside_it()
    {
        var (snapshot, problems) = CandidateConfiguration.Compile(
            ($"{Route}:Match:Pth", "/"),
            ($"{Route}:ClusterId", "customers-api"),
            ($"{Route}:Metadata:CachePolicy", "customers"),
            ($"{Route}:CorsPolicy", "Default"),
            ("ReverseProxy:Routes:customer-parts:Metadata:Evicts", "pets"),
            ("ReverseProxy:Routes:customer-search:Order", "first"),
            ("ReverseProxy:Routes:customer-search:Match:Path", "/a/{"),
            ($"{Cluster}:HttpRequest:Timeout", "00:01:00"),
            ($"{Cluster}:Destinations:primary:Address", "localhost:4005"));

        Assert.Null(snapshot);
        Assert.Equal(
            [
                $"{Cluster}:Destinations:primary:Address",
                $"{Cluster}:HttpRequest:Timeout",
                "ReverseProxy:Routes:customer-parts:Metadata:Evicts",
                "ReverseProxy:Routes:customer-search",
                "ReverseProxy:Routes:customer-search:Order",
                $"{Route}:ClusterId",
                $"{Route}:CorsPolicy",
                $"{Route}:Match:Pth",
                $"{Route}:Metadata:CachePolicy",
            ],
            problems.Select(static problem => problem.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData($"{Route}:Order", "first")]
    [InlineData($"{Route}:ClusterId", "customers-api")]
    [InlineData($"{Route}:Timeout", "30s")]
    [InlineData($"{Route}:AuthorizationPolicy", "Default")]
    [InlineData($"{Route}:CorsPolicy", "Default")]
    [InlineData($"{Route}:Metadata:CachePolicy", "customers")]
    [InlineData($"{Route}:Metadata:Evicts", "pets")]
    [InlineData($"{Cluster}:HttpRequest:VersionPolicy", "Newest")]
    [InlineData($"{Cluster}:Destinations:primary:Address", "localhost:4005")]
    [InlineData($"{Cluster}:Destinations:primary:Address", "api")]
    public void Refuses_with_key_and_value(string key, string value)
    {
        var (snapshot, problems) = CandidateConfiguration.Compile((key, value));

        Assert.Null(snapshot);
        Assert.Contains(problems, problem => problem.Key == key && problem.Value == value);
    }

    [Fact]
    public void What_YARPs_own_validators_refuse_is_refused()
    {
        Assert.Contains("Invalid path", CandidateConfiguration.Refused(("ReverseProxy:Routes:customer-search:Match:Path", "/a/{")).Allowed);
        Assert.Contains("LoadBalancingPolicy", CandidateConfiguration.Refused(($"{Cluster}:LoadBalancingPolicy", "Wishful"))
            .Allowed.Replace(" ", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_cluster_without_destinations_is_refused() =>
        Assert.Equal(
            "ReverseProxy:Clusters:b:Destinations",
            CandidateConfiguration.Refused(("ReverseProxy:Clusters:b:Metadata:a", "b")).Key);

    [Fact]
    public void A_route_must_give_every_value_that_its_policys_key_names() =>
        Assert.Contains("{customerId}", CandidateConfiguration.Refused(
            ("CacheProxy:Policies:customer:Key", "{tenant}:customer:{customerId}:{id}"),
            ("ReverseProxy:Routes:customer-parts:Metadata:Evicts", "")).Allowed);

    [Fact]
    public void An_evicting_route_must_give_them_too() =>
        Assert.Equal("ReverseProxy:Routes:everything-else:Metadata:Evicts", CandidateConfiguration.Refused(
            ("ReverseProxy:Routes:everything-else:Metadata:Evicts", "customer")).Key);

    [Fact]
    public void Every_value_of_a_cached_route_must_be_in_the_key() =>
        Assert.Contains("{kind}", CandidateConfiguration.Refused((Pet, "{tenant}:pet:{id}"),
            ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:pet:Match:Path", "/api/{kind}/{id}"),
            ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet")).Allowed);

    [Fact]
    public void But_not_when_the_key_names_the_path() =>
        CandidateConfiguration.Accepted((Pet, "{host}{path}"),
            ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:pet:Match:Path", "/api/{kind}/{id}"),
            ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet"));

    [Fact]
    public void What_a_tenant_has_one_of_needs_no_value_and_may_have_several_paths() =>
        CandidateConfiguration.Accepted(
            ("CacheProxy:Policies:customer-list:Key", "{tenant}:customer-list"),
            ("ReverseProxy:Routes:customer-list:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:customer-list:Match:Path", "/api/customers"),
            ("ReverseProxy:Routes:customer-list:Metadata:CachePolicy", "customer-list"),
            ("ReverseProxy:Routes:customer-search:Metadata:CachePolicy", "customer-list"),
            ("ReverseProxy:Routes:customer:Metadata:Evicts", "customer-list"));

    [Fact]
    public void What_a_tenant_has_one_of_is_not_at_a_path_with_values() =>
        Assert.Contains("{id}", CandidateConfiguration.Refused(
            (Pet, "{tenant}:pets"),
            ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"),
            ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet")).Allowed);

    [Fact]
    public void Two_paths_do_not_share_a_policy_whose_key_could_not_tell_them_apart() =>
        Assert.Contains("share its keys", CandidateConfiguration.Refused(
            ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"),
            ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "customer")).Allowed);

    [Fact]
    public void Two_APIs_do_not_share_a_policy() =>
        Assert.Contains("another cluster", CandidateConfiguration.Refused(
            ("ReverseProxy:Clusters:canary:Destinations:a:Address", "http://localhost:5"),
            ("ReverseProxy:Routes:canary:ClusterId", "canary"),
            ("ReverseProxy:Routes:canary:Match:Path", "/api/customers/{id}"),
            ("ReverseProxy:Routes:canary:Match:Headers:0:Name", "X-Canary"),
            ("ReverseProxy:Routes:canary:Match:Headers:0:Values:0", "1"),
            ("ReverseProxy:Routes:canary:Metadata:CachePolicy", "customer")).Allowed);

    [Fact]
    public void Two_routes_that_ask_the_API_differently_do_not_share_a_policy()
    {
        (string, string?)[] beta =
        [
            ("ReverseProxy:Routes:beta:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:beta:Match:Path", "/api/customers/{id}"),
            ("ReverseProxy:Routes:beta:Match:Headers:0:Name", "X-Beta"),
            ("ReverseProxy:Routes:beta:Match:Headers:0:Values:0", "1"),
            ("ReverseProxy:Routes:beta:Metadata:CachePolicy", "customer"),
        ];
        (string, string?)[] transform =
        [
            ("ReverseProxy:Routes:beta:Transforms:0:RequestHeader", "X-Version"),
            ("ReverseProxy:Routes:beta:Transforms:0:Set", "2"),
        ];

        CandidateConfiguration.Accepted(beta);
        Assert.Contains("Transforms", CandidateConfiguration.Refused([.. beta, .. transform]).Allowed);
    }
}
