using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class TenantKeysTests
{
    [Theory]
    [InlineData("demo:customer:123", "demo")]
    [InlineData("acme:service-catalog", "acme")]
    [InlineData("pets/of/demo|42", "demo")]
    [InlineData("at:example.com:8080/api/x|demo", "demo")]
    [InlineData("demo:customer:", "")]
    [InlineData("demo:customer:1:2", "")]
    [InlineData("demo:customers:1", "")]
    [InlineData("Demo:customer:1", "")]
    [InlineData("-demo:customer:1", "")]
    [InlineData("a.b:customer:1", "")]
    [InlineData("acme:service-catalog:x", "")]
    [InlineData("pets/of/demo", "")]
    [InlineData("settings", "")]
    [InlineData("", "")]
    public void A_key_is_a_tenants_where_a_template_makes_it_for_that_tenant(string key, string tenant) =>
        Assert.Equal(tenant, Of("{tenant}:customer:{id}", "{tenant}:service-catalog", "pets/of/{tenant}|{id}", "at:{host}{path}|{tenant}", "settings").Find(key).ToString());

    [Theory]
    [InlineData("demo:*", "{tenant}:customer:{id}", "{tenant}:service-catalog")]
    [InlineData("demo:customer:*", "{tenant}:customer:{id}")]
    [InlineData("*", "{tenant}:customer:{id}", "pets/of/{tenant}|{id}")]
    [InlineData("p\\[\\*\\]demo:*", "p[*]{tenant}:{id}")]
    [InlineData(null, "{host}{path}")]
    public void The_pattern_leaves_no_key_of_the_tenant_out(string? pattern, params string[] templates) =>
        Assert.Equal(pattern, Of(templates).Pattern(Tenant("demo")));

    [Fact]
    public void Every_key_that_a_template_makes_reads_back_to_its_tenant() => Prop.ForAll(
        (from template in Gen.Elements("{tenant}:customer:{id}", "c/{id}|{tenant}", "{id}:{tenant}:{tenant}/x", "{host}{path}|{tenant}")
         from tenant in Gen.Elements("a", "demo", "a-b", "x1", "9")
         from id in Gen.Elements("1", "demo", "A.b_c~d-e", "0f8fad5b-d9cb-469f-a165-70867728950e")
         from prefix in Gen.Elements("", "prod:", "demo:")
         select (template, tenant, id, prefix)).ToArbitrary(),
        static made =>
        {
            Assert.True(KeyTemplate.TryParse(made.template, out var template, out _));
            template = template!.WithPrefix(made.prefix);
            var source = new KeySource(Tenant(made.tenant), "example.com:81", "/api/x/" + made.id, new RouteValueDictionary { ["id"] = made.id });
            Assert.True(template.TryFormat(source, out var key));

            Assert.True(template.TryReadTenant(key.Value, out var read));
            Assert.Equal(made.tenant, read.ToString());
            Assert.StartsWith(template.StartFor(Tenant(made.tenant)), key.Value, StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();

    private static TenantName Tenant(string name) => TenantName.TryParse(name, out var tenant) ? tenant : throw new ArgumentException(name, nameof(name));

    private static TenantKeys Of(params string[] templates)
    {
        var keys = new TenantKeys();
        keys.Use(templates.Select(static text => KeyTemplate.TryParse(text, out var template, out var problem) ? template! : throw new ArgumentException(problem)));
        return keys;
    }
}
