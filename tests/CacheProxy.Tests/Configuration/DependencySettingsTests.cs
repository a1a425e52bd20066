using CacheProxy.Configuration.Policies;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class DependencySettingsTests
{
    private const string Policies = "CacheProxy:Policies";
    private static readonly (string, string?) Pet = ($"{Policies}:pet:Key", "{tenant}:pet:{id}");

    private static (string, string?) DependsOnPet(string pointer) => ($"{Policies}:customer:DependsOn:pet", pointer);

    [Fact]
    public void Names_policies_with_one_pointer_or_several()
    {
        var policy = CandidateConfiguration.Accepted(
            Pet, ($"{Policies}:customer:DependsOn:pet:0", "/pets/*/id"), ($"{Policies}:customer:DependsOn:pet:1", "/favourite/id"))
            .Options.Policies.Single(static policy => policy.Name == "customer");

        Assert.Equal([("pet", "/pets/*/id"), ("pet", "/favourite/id")], policy.DependsOn.Select(static one => (one.Name, one.Pointer.Text)));
    }

    [Fact]
    public void Tells_which_policies_have_dependents()
    {
        var rules = CandidateConfiguration.Accepted(
            Pet, ($"{Policies}:pet:Mode", "Off"), DependsOnPet("/pets/*/id"), ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"), ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet")).Rules;

        Assert.True(rules.Routes["pet"].Policy!.HasDependents);
        Assert.Null(rules.Routes["pet"].Policy!.Dependencies);
        // Off, but the writes to its resources have to evict what contains them.
        Assert.True(rules.Routes["pet"].Policy!.IsFenced);
        Assert.False(rules.Routes["customer"].Policy!.HasDependents);
        Assert.Equal("id", Assert.Single(rules.Routes["customer"].Policy!.Dependencies!.Contained).Slot);
    }

    [Theory]
    [InlineData("pets/*/id")]
    [InlineData("/pets/~2")]
    public void Refuses_what_is_no_pointer(string pointer)
    {
        var problem = CandidateConfiguration.Refused(Pet, DependsOnPet(pointer));

        Assert.Equal(($"{Policies}:customer:DependsOn:pet", pointer), (problem.Key, problem.Value));
        Assert.Contains("a JSON pointer such as /status or /pets/*/id", problem.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_the_name_of_no_policy()
    {
        var problem = CandidateConfiguration.Refused(Pet, ($"{Policies}:customer:DependsOn:pest", "/pets/*/id"));

        Assert.Equal($"{Policies}:customer:DependsOn:pest", problem.Key);
        Assert.Contains("customer, pet", problem.Allowed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{tenant}:pet:{owner}:{number}", "{number}")]
    [InlineData("{tenant}:pet:{path}", "{path}")]
    public void Refuses_a_policy_whose_key_needs_what_no_response_gives(string key, string lacks)
    {
        var problem = CandidateConfiguration.Refused(($"{Policies}:pet:Key", key), DependsOnPet("/pets/*/id"));

        Assert.Equal(($"{Policies}:customer:DependsOn:pet", key), (problem.Key, problem.Value));
        Assert.EndsWith(lacks, problem.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_policy_that_needs_a_tenant_of_one_that_has_none()
    {
        var problem = CandidateConfiguration.Refused(Pet, ($"{Policies}:plan:Key", "plan:{id}"), ($"{Policies}:plan:DependsOn:pet", "/pets/*/id"));

        Assert.EndsWith("{tenant}", problem.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void Takes_the_other_values_of_a_key_from_the_request()
    {
        var policies = new PolicySet(
            [
                new CachePolicyOptions { Name = "shelf", Key = "{tenant}:shelf:{shop}:{id}", DependsOn = [new("item", Pointer("/items/*"))] },
                new CachePolicyOptions { Name = "item", Key = "{tenant}:item:{shop}:{item}" },
            ],
            "prod:");
        var contained = Assert.Single(policies.Find("shelf")!.Dependencies!.Contained);
        var source = DependencyRequests.Of("demo", ("shop", "9"), ("id", "1"));

        Assert.Equal("item", contained.Slot);
        Assert.True(contained.TryKey(source, "7", out var key));
        Assert.Equal("prod:demo:item:9:7", key.Value);
        Assert.False(contained.TryKey(source, "7/8", out _));
        Assert.False(contained.TryKey(source, "", out _));
    }

    [Fact]
    public void One_resource_of_a_tenant_has_no_value()
    {
        var policies = new PolicySet(
            [
                new CachePolicyOptions { Name = "customer", Key = "{tenant}:customer:{id}", DependsOn = [new("catalog", Pointer("/services"))] },
                new CachePolicyOptions { Name = "catalog", Key = "{tenant}:catalog" },
            ],
            "");
        var contained = Assert.Single(policies.Find("customer")!.Dependencies!.Contained);

        Assert.Null(contained.Slot);
        Assert.True(contained.TryKey(DependencyRequests.Of("demo", ("id", "1")), "", out var key));
        Assert.Equal("demo:catalog", key.Value);
    }

    [Theory]
    [InlineData("/pets/*/id", "{tenant}:pet:{id}", true)]
    [InlineData("/pets/*/number", "{tenant}:pet:{id}", false)]
    [InlineData("/pets/*/id", "{tenant}:animal:{id}", false)]
    public void Entries_are_known_to_the_rules_that_they_were_stored_under(string pointer, string key, bool isKnown)
    {
        var policy = Policy("/pets/*/id", "{tenant}:pet:{id}");
        var stored = DependencyRequests.Stored with { Dependencies = [Policy(pointer, key).Dependencies!.AsDependency] };

        Assert.Equal(isKnown, policy.Knows(stored));
        Assert.False(policy.Knows(DependencyRequests.Stored));
        Assert.True(Policy(pointer: null, key).Knows(stored));
    }

    [Theory]
    [InlineData("{tenant}:pets:in", "does not end in :in")]
    [InlineData("{tenant}:pet:7:{what}", "beside each resource of pet")]
    public void Refuses_keys_that_an_index_could_have(string key, string allowed)
    {
        var problem = CandidateConfiguration.Refused(
            Pet, DependsOnPet("/pets/*/id"), ($"{Policies}:other:Key", key), ($"{Policies}:other:MaxDependents", "10000"));

        Assert.Equal(($"{Policies}:other:Key", key), (problem.Key, problem.Value));
        Assert.Contains(allowed, problem.Allowed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MaxDependents", "0")]
    [InlineData("MaxDependents", "10001")]
    [InlineData("MaxDependencies", "0")]
    [InlineData("MaxDependencies", "1001")]
    public void Refuses_bounds_out_of_range(string name, string value) =>
        Assert.Equal($"{Policies}:customer:{name}", CandidateConfiguration.Refused(($"{Policies}:customer:{name}", value)).Key);

    private static CacheProxy.Http.JsonPointer Pointer(string text) =>
        CacheProxy.Http.JsonPointer.TryParse(text, out var pointer) ? pointer : throw new ArgumentException(text);

    private static CachePolicy Policy(string? pointer, string key) => new PolicySet(
        [
            new CachePolicyOptions { Name = "customer", Key = "{tenant}:customer:{id}", DependsOn = pointer is null ? [] : [new("pet", Pointer(pointer))] },
            new CachePolicyOptions { Name = "pet", Key = key },
        ],
        "").Find("customer")!;
}
