using System.Globalization;
using System.Runtime.Intrinsics;
using System.Text;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class EntrySealTests
{
    private const string Token = "0123456789abcdef0123456789abcdef";
    private static readonly ResourceKey Key = new("demo:customer:123");
    private static readonly VariantKey Variant = VariantKey.Of("fedcba9876543210fedcba9876543210", isSealed: true);

    [Fact]
    public void What_was_stored_comes_back_byte_for_byte_and_altered_it_does_not() => Prop.ForAll(
        Responses().ToArbitrary(),
        Gen.Choose(0, int.MaxValue).ToArbitrary(),
        static (stored, place) =>
        {
            var seal = Seal(1);
            var made = seal.Seal(Key, Variant, Token, stored);

            Assert.Equal(SealOutcome.Opened, Open(seal, Copy(made), out var found));
            Assert.Equal(stored.Body.ToArray(), found!.Body.ToArray());
            Assert.Equal(stored.Headers, found.Headers);
            Assert.Equal(stored with { Body = default, Headers = [] }, found with { Body = default, Headers = [] });

            // One bit of either, wherever it is.
            var altered = Copy(made);
            var bit = place % ((made.Payload.Length + made.Body.Length) * 8);
            var (part, at) = bit / 8 < made.Payload.Length ? (altered.Payload, bit / 8) : (altered.Body, (bit / 8) - made.Payload.Length);
            part[at] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(SealOutcome.Opened, Open(seal, altered, out var other));
            Assert.Null(other);

            // And any of it cut off.
            Assert.NotEqual(SealOutcome.Opened, Open(seal, new(made.Payload[..(place % made.Payload.Length)], Copy(made).Body), out _));
            Assert.NotEqual(SealOutcome.Opened, Open(seal, new(made.Payload, made.Body[..(place % made.Body.Length)]), out _));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("acme:customer:123", "sealed-fedcba9876543210fedcba9876543210", Token)]
    [InlineData("demo:customer:12", "sealed-fedcba9876543210fedcba9876543210", Token)]
    [InlineData("demo:customer:123", "sealed", Token)]
    [InlineData("demo:customer:123", "sealed-00000000000000000000000000000000", Token)]
    [InlineData("demo:customer:123", "sealed-fedcba9876543210fedcba9876543210", "0123456789abcdef0123456789abcdee")]
    public void An_entry_opens_at_no_other_resource_variant_or_fill(string key, string variant, string token)
    {
        var seal = Seal(1);
        var made = seal.Seal(Key, Variant, Token, Response("{}"));

        Assert.Equal(SealOutcome.Altered, Open(seal, made, out _, new(key), new(variant), token));
    }

    [Fact]
    public void A_body_of_another_fill_does_not_belong_to_its_headers_nor_one_part_in_the_place_of_the_other()
    {
        var seal = Seal(1);
        var one = seal.Seal(Key, Variant, Token, Response("{}"));
        var other = seal.Seal(Key, Variant, "ffffffffffffffffffffffffffffffff", Response("{}"));

        Assert.Equal(SealOutcome.Altered, Open(seal, one with { Body = other.Body }, out _));
        Assert.Equal(SealOutcome.Altered, Open(seal, one with { Body = one.Payload[9..] }, out _));
    }

    [Fact]
    public void Headers_alone_open_without_the_body()
    {
        var seal = Seal(1);
        var made = seal.Seal(Key, Variant, Token, Response("{\"name\":\"Zoë\"}"));

        Assert.Equal(SealOutcome.Opened, seal.Open(new BoundPlace(Key, Variant, Stamp(Token)), Stamp(Token), made.Payload, null, out var found));
        Assert.Equal(15, found!.BodyLength);
    }

    [Fact]
    public void The_first_key_encrypts_all_decrypt_and_one_that_is_gone_does_not()
    {
        var seal = Seal(1);
        var old = seal.Seal(Key, Variant, Token, Response("old"));
        seal.Use(Ring(2, 1));
        var young = seal.Seal(Key, Variant, Token, Response("young"));

        Assert.Equal(SealOutcome.Opened, Open(seal, Copy(old), out _));
        Assert.Equal(SealOutcome.Opened, Open(seal, Copy(young), out _));
        Assert.Equal(SealOutcome.UnknownKey, Open(Seal(1), Copy(young), out _));

        seal.Use(Ring(2));
        Assert.Equal(SealOutcome.UnknownKey, Open(seal, Copy(old), out _));
        Assert.Equal(SealOutcome.Opened, Open(seal, Copy(young), out _));
    }

    [Fact]
    public void What_is_not_encrypted_is_no_entry()
    {
        var response = Response("{}");

        Assert.Equal(SealOutcome.Altered, Open(Seal(1), new(StoredResponseFormat.Payload(response), response.Body.ToArray()), out _));
    }

    [Fact]
    public void Two_entries_with_the_same_content_have_nothing_in_common_and_none_of_it_is_readable()
    {
        var seal = Seal(1);
        var stored = Response(new string('x', 64));
        var (one, other) = (seal.Seal(Key, Variant, Token, stored), seal.Seal(Key, Variant, Token, stored));

        Assert.False(one.Body.AsSpan().SequenceEqual(other.Body));
        Assert.False(one.Payload.AsSpan().SequenceEqual(other.Payload));
        Assert.DoesNotContain("xxxx", Encoding.Latin1.GetString(one.Body), StringComparison.Ordinal);
        Assert.DoesNotContain("json", Encoding.Latin1.GetString(one.Payload), StringComparison.Ordinal);
        Assert.Equal(64 + 12 + 16, one.Body.Length);
    }

    [Theory]
    [InlineData("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", true)]
    [InlineData(" AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\r\n", true)]
    [InlineData("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", false)]
    [InlineData("AQEBAQEBAQEBAQEBAQEBAQ==", false)]
    [InlineData("not base64", false)]
    [InlineData("", false)]
    public void A_key_is_32_bytes_in_base64(string file, bool isKey) => Assert.Equal(isKey, EntryKey.TryParse(Encoding.UTF8.GetBytes(file), out _));

    [Fact]
    public void The_id_of_a_key_is_the_start_of_its_SHA_256_and_nothing_shows_the_key()
    {
        Assert.True(EntryKey.TryParse(KeyFile(1), out var key));

        Assert.Equal("72cd6e8422c407fb", key.Id.ToString("x16", CultureInfo.InvariantCulture));
        Assert.Equal("CacheProxy.Store.EntryKey", key.ToString());
    }

    internal static byte[] KeyFile(byte of) => Encoding.ASCII.GetBytes(Convert.ToBase64String(Enumerable.Repeat(of, 32).ToArray()) + "\n");

    internal static KeyRing Ring(params byte[] keys) =>
        new([.. keys.Select(static of => EntryKey.TryParse(KeyFile(of), out var key) ? key : throw new InvalidOperationException())]);

    private static EntrySeal Seal(params byte[] keys) => new(Ring(keys));

    private static StoredStamp Stamp(string token) => new(1_764_326_400_000, Vector256.Create(Encoding.ASCII.GetBytes(token).AsSpan()));

    private static SealedEntry Copy(SealedEntry entry) => new([.. entry.Payload], [.. entry.Body]);

    private static SealOutcome Open(
        EntrySeal seal, SealedEntry entry, out StoredResponse? found, ResourceKey? key = null, VariantKey? variant = null, string token = Token) =>
        seal.Open(new BoundPlace(key ?? Key, variant ?? Variant, Stamp(token)), Stamp(token), entry.Payload, entry.Body, out found);

    private static StoredResponse Response(string body, params HeaderField[] headers) => new()
    {
        Status = 200,
        Headers = [new("Content-Type", "application/json"), .. headers],
        Body = Encoding.UTF8.GetBytes(body),
        ResponseTimeMs = 1_764_326_100_000,
        InitialAgeMs = 7,
        LifetimeMs = 300_000,
        Target = "localhost /api/customers/123",
    };

    private static Gen<StoredResponse> Responses() =>
        from length in Gen.Elements(0, 1, 15, 16, 17, 1500, 70_000)
        from seed in Gen.Choose(0, int.MaxValue)
        from header in Gen.Choose(0, 2000)
        select Response("", new HeaderField("X-Long", new string('h', header))) with { Body = Bytes(length, seed) };

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
