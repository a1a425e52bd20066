using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class KeyTemplateTests
{
    private static readonly Gen<string> Values = Gen.Elements("a:b-c.d~e_f/A|B;%41%2F+ \u00e9=&{}".ToCharArray())
        .ArrayOf()
        .Select(static characters => new string(characters));

    [Theory]
    [InlineData("{tenant}:customer:{id}", "demo:customer:123")]
    [InlineData("{TENANT}:{Id}", "demo:123")]
    [InlineData("{id}", "123")]
    [InlineData("x/{id}/y", "x/123/y")]
    [InlineData("{host}{path}", "api.example.com:8443/a/b")]
    [InlineData("{tenant}{path}", "demo/a/b")]
    [InlineData("{host}|{id}", "api.example.com:8443|123")]
    [InlineData("{id}:{id}", "123:123")]
    public void A_key_is_the_template_with_its_placeholders_filled(string template, string expected)
    {
        Assert.Equal(expected, Format(template, "demo", "Api.Example.com:8443", "/A/b/", "123"));
        Assert.Equal("p:" + expected, Parse(template).WithPrefix("p:").TryFormat(Source("demo", "API.example.com:8443", "/a/B", "123"), out var key) ? key.ToString() : null);
    }

    [Theory]
    [InlineData("{tenant}:customer:{id}", true, false, "id")]
    [InlineData("{host}{path}", false, true, "")]
    [InlineData("{tenant}:{a}:{b}", true, false, "a b")]
    public void A_template_knows_what_it_names(string text, bool needsTenant, bool namesPath, string values)
    {
        var template = Parse(text);

        Assert.Equal(text, template.Text);
        Assert.Equal(needsTenant, template.NeedsTenant);
        Assert.Equal(namesPath, template.NamesPath);
        Assert.Equal(values, string.Join(' ', template.RouteValueNames));
    }

    [Theory]
    [InlineData("host:80", "host/")]
    [InlineData("host:443", "host/")]
    [InlineData("HOST:8080", "host:8080/")]
    [InlineData("[::1]:80", "[::1]/")]
    public void A_default_port_is_not_part_of_the_key(string host, string expected) =>
        Assert.Equal(expected, Format("{host}{path}", null, host, "/", null));

    [Theory]
    [InlineData("123", true)]
    [InlineData("a-b_c.d~", true)]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a%41", false)]
    [InlineData("a/b", false)]
    [InlineData("a:b", false)]
    [InlineData("a+b", false)]
    [InlineData("\u00e9", false)]
    [InlineData("\uff11", false)]
    [InlineData("a\0", false)]
    [InlineData("a\r\nb", false)]
    public void Only_unreserved_characters_of_a_value_are_a_key(string? id, bool isKey) =>
        Assert.Equal(isKey, Format("{tenant}:{id}", "demo", "host", "/", id) is not null);

    [Fact]
    public void A_value_has_at_most_128_characters()
    {
        Assert.NotNull(Format("{id}", null, "host", "/", new string('a', 128)));
        Assert.Null(Format("{id}", null, "host", "/", new string('a', 129)));
        Assert.Null(Format("{path}", null, "host", "/" + new string('a', 2048), null));
    }

    [Fact]
    public void What_a_template_names_must_be_there()
    {
        Assert.Null(Format("{tenant}:{id}", null, "host", "/", "1"));
        Assert.Null(Format("{host}{path}", null, "", "/", "1"));
        Assert.Null(Format("{host}{path}", null, "host", "", "1"));
        Assert.Null(Format("{tenant}:{other}", "demo", "host", "/", "1"));
        Assert.Null(Format("{host}{path}", null, "ho st", "/", "1"));
        Assert.Null(Format("{path}", null, "host", "/a;b", "1"));
    }

    [Theory]
    [InlineData("{tenant}:customer:{id}")]
    [InlineData("{tenant}|{id}")]
    [InlineData("x{tenant}/{id}")]
    [InlineData("{tenant}{path}:end")]
    [InlineData("{host}{path}")]
    public void Two_different_resources_never_have_one_key(string text)
    {
        var accepted = KeyTemplate.TryParse(text, out var template, out _);
        Prop.ForAll(
            Values.Two().Zip(Values.Two()).ToArbitrary(),
            pair => !accepted || !Collide(template!, pair.Item1.Item1, pair.Item1.Item2, pair.Item2.Item1, pair.Item2.Item2))
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5b-d9cb-469f-a165-70867728950e")]
    [InlineData("0f8fad5b-D9CB-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e")]
    [InlineData("V1StGXR8_Z5jdHi6B-myT", "V1StGXR8_Z5jdHi6B-myT")]
    [InlineData("ABC", "ABC")]
    public void A_UUID_is_one_resource_in_any_case(string id, string expected) => Assert.Equal(expected, Format("{id}", null, "host", "/", id));

    [Theory]
    [InlineData("1%2F2", "demo:1")]
    [InlineData("+1", "demo:1")]
    [InlineData("123", "demo:123")]
    [InlineData(";", null)]
    public void An_eviction_takes_what_a_doubtful_value_may_mean(string id, string? expected) => Assert.Equal(
        expected, Parse("{tenant}:{id}").TryFormatForEviction(Source("demo", "host", "/", id), out var key) ? key.Value : null);

    private static bool Collide(KeyTemplate template, string tenant, string id, string otherTenant, string otherId)
    {
        var one = Source(tenant, tenant + ".example.com", "/" + id, id);
        var other = Source(otherTenant, otherTenant + ".example.com", "/" + otherId, otherId);
        return template.TryFormat(one, out var key)
            && template.TryFormat(other, out var otherKey)
            && key == otherKey
            && !IsOneResource(template, (tenant, id), (otherTenant, otherId));
    }

    // Tenants, hosts and paths have no case, and a trailing slash is no other resource.
    private static bool IsOneResource(KeyTemplate template, (string Tenant, string Id) one, (string Tenant, string Id) other) =>
        one.Tenant.Equals(other.Tenant, StringComparison.OrdinalIgnoreCase)
        && (template.NamesPath
            ? one.Id.TrimEnd('/').Equals(other.Id.TrimEnd('/'), StringComparison.OrdinalIgnoreCase)
            : one.Id == other.Id);

    private static KeyTemplate Parse(string text)
    {
        Assert.True(KeyTemplate.TryParse(text, out var template, out var problem), problem);
        return template!;
    }

    private static string? Format(string template, string? tenant, string host, string path, string? id) =>
        Parse(template).TryFormat(Source(tenant, host, path, id), out var key) ? key.Value : null;

    private static KeySource Source(string? tenant, string host, string path, string? id)
    {
        TenantName.TryParse(tenant, out var name);
        return new KeySource(name, host, path, id is null ? [] : new RouteValueDictionary { ["id"] = id });
    }
}
