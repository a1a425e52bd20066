using System.Text.RegularExpressions;
using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Identity;

/// <summary>RFC 1123 §2.1.</summary>
public sealed partial class TenantNameTests
{
    public static readonly TheoryData<string> Refused =
    [
        "", "-", "-a", "a-", "a.b", "a_b", "a b", " a", "a ", "a:b", "a/b", "a\0", "a\n", "\u00e4", "\u0130", "\uff41", "*", "a,b",
        new string('a', 64),
    ];

    [Theory]
    [InlineData("demo", "demo")]
    [InlineData("DeMo", "demo")]
    [InlineData("a", "a")]
    [InlineData("9", "9")]
    [InlineData("a-b--c", "a-b--c")]
    [InlineData("xn--bcher-kva", "xn--bcher-kva")]
    public void A_DNS_label_is_a_tenant_in_lower_case(string text, string expected)
    {
        Assert.True(TenantName.TryParse(text, out var tenant));
        Assert.Equal(expected, tenant.Value);
        Assert.Equal(expected, tenant.ToString());
    }

    [Fact]
    public void The_longest_label_has_63_characters() => Assert.True(TenantName.TryParse(new string('Z', 63), out _));

    [Fact]
    public void Nothing_is_no_tenant() => Assert.False(TenantName.TryParse(null, out _));

    [Theory, MemberData(nameof(Refused))]
    public void Anything_else_is_no_tenant(string text)
    {
        Assert.False(TenantName.TryParse(text, out var tenant));
        Assert.Equal(default, tenant);
    }

    [Fact]
    public void Exactly_the_DNS_labels_are_tenants_and_parsing_twice_changes_nothing() => Prop.ForAll(
        Candidates().ToArbitrary(),
        static text =>
        {
            var isTenant = TenantName.TryParse(text, out var tenant);
            return isTenant == Label().IsMatch(text)
                && (!isTenant || (tenant.Value == text.ToLowerInvariant()
                    && TenantName.TryParse(tenant.Value, out var again) && again == tenant));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Two_spellings_are_one_tenant_only_when_they_differ_in_case_alone() => Prop.ForAll(
        Candidates().Two().ToArbitrary(),
        static pair => !TenantName.TryParse(pair.Item1, out var one) || !TenantName.TryParse(pair.Item2, out var other)
            || one == other == pair.Item1.Equals(pair.Item2, StringComparison.OrdinalIgnoreCase)).QuickCheckThrowOnFailure();

    private static Gen<string> Candidates() => Gen.OneOf(
        Gen.Elements("aAbZ09--._ \u00e4\u212a".ToCharArray()).ArrayOf().Select(static characters => new string(characters)),
        Gen.Elements("aAbZ09-".ToCharArray()).ArrayOf().Select(static characters => new string(characters)),
        Gen.Elements("aA".ToCharArray()).ArrayOf(2).Select(static characters => new string(characters)),
        Gen.Choose(60, 66).Select(static length => new string('x', length)));

    [GeneratedRegex(@"\A[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex Label();
}
