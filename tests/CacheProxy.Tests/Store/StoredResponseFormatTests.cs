using System.Text;
using CacheProxy.Http;
using CacheProxy.Store;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class StoredResponseFormatTests
{
    private const string VersionTwo =
        "0275000000080000000000000052631221C8000000BA04B49A0100000000000000000000E09304000000000000000000000000000000000000000000" +
        "216C6F63616C686F73743A34303034202F6170692F637573746F6D6572732F3132330213106170706C69636174696F6E2F6A736F6E0005582D4F776E" +
        "0131";

    private static readonly string Token = new('f', StoredResponseFormat.TokenLength);

    [Fact]
    public void What_is_written_is_read()
    {
        var response = Response() with
        {
            Status = 404,
            InitialAgeMs = 1,
            LifetimeMs = long.MaxValue,
            StaleWhileRevalidateMs = 3,
            StaleIfErrorMs = 4,
            Flags = StoredFlags.NoCache,
            Headers =
            [
                new("Content-Type", "application/json"), new("content-type", "lower"), new("Vary", "*"), new("X-Ünknown", "é\u00ff"),
                new("Link", "a"), new("Link", ""), new("ETag", new string('x', 70_000)),
            ],
        };

        Assert.True(StoredResponseFormat.TryRead(Meta(response), response.Body, out var read));
        Assert.Equal(response.Headers, read.Headers);
        Assert.Equal(response with { Headers = [] }, read with { Headers = [] });
    }

    [Fact]
    public void Dependencies_come_back_as_they_were_and_one_of_an_unknown_kind_makes_it_no_response()
    {
        var response = Response() with
        {
            Dependencies = [new(DependencyKind.Resource, "demo:pet:7", "0123456789abcdef"), new(DependencyKind.Tag, "demo:vip", "")],
        };
        var unknown = response with { Dependencies = [new((DependencyKind)9, "demo:pet:7", "1")] };

        Assert.True(StoredResponseFormat.TryRead(Meta(response), response.Body, out var read));
        Assert.Equal(response.Dependencies, read.Dependencies);
        Assert.False(StoredResponseFormat.TryRead(Meta(unknown), unknown.Body, out _));
    }

    [Fact]
    public void Any_response_comes_back_as_it_was()
    {
        var text = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(static value => OnlyBytes(value.Get));
        var field = text.Zip(text).Select(static pair => new HeaderField("H" + pair.Item1, pair.Item2));
        var responses =
            from headers in field.ArrayOf()
            from time in ArbMap.Default.GeneratorFor<long>()
            from target in text
            select Response() with { Headers = headers, ResponseTimeMs = time, Target = target };

        Prop.ForAll(responses.ToArbitrary(), static response =>
            StoredResponseFormat.TryRead(Meta(response), response.Body, out var read)
            && read.Headers.SequenceEqual(response.Headers)
            && read with { Headers = [] } == response with { Headers = [] }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Bytes_that_were_cut_short_or_lengthened_are_no_response()
    {
        var response = Response();
        var meta = Meta(response);
        for (var length = 0; length < meta.Length; length++)
        {
            Assert.False(StoredResponseFormat.TryRead(meta.AsSpan(0, length), response.Body, out _), $"{length} of {meta.Length} bytes");
        }

        Assert.False(StoredResponseFormat.TryRead([.. meta, 0], response.Body, out _));
    }

    [Fact]
    public void A_body_of_another_length_does_not_belong_to_it()
    {
        var response = Response();

        Assert.False(StoredResponseFormat.TryRead(Meta(response), response.Body[1..], out _));
    }

    [Fact]
    public void Another_version_is_no_response_but_has_its_stamp()
    {
        var response = Response();
        var meta = Meta(response);
        meta[StoredResponseFormat.StampLength]++;

        Assert.False(StoredResponseFormat.TryRead(meta, response.Body, out _));
        Assert.Equal("1763956800000" + Token, StoredResponseFormat.ReadStamp(meta));
    }

    [Fact]
    public void A_byte_that_was_changed_is_noticed_wherever_it_is()
    {
        var response = Response();
        var meta = Meta(response);
        var body = response.Body.ToArray();
        Assert.True(StoredResponseFormat.TryRead(meta, body, out _));
        for (var i = StoredResponseFormat.StampLength; i < meta.Length; i++)
        {
            byte[] changed = [.. meta];
            changed[i] ^= 0x80;
            Assert.False(StoredResponseFormat.TryRead(changed, body, out _), $"byte {i} of meta");
        }

        for (var i = 0; i < body.Length; i++)
        {
            byte[] changed = [.. body];
            changed[i]++;
            Assert.False(StoredResponseFormat.TryRead(meta, changed, out _), $"byte {i} of body");
        }
    }

    [Fact]
    public void A_response_without_a_checksum_is_read_too()
    {
        Assert.True(StoredResponseFormat.TryRead(WithoutChecksum(Meta(Response())), Response().Body, out var read));
        Assert.Equal(Response().Status, read.Status);
    }

    [Fact]
    public void Headers_that_were_changed_are_noticed_without_the_body()
    {
        var meta = Meta(Response());
        Assert.True(StoredResponseFormat.TryRead(meta, default, null, out var read));
        Assert.Equal(Response().Body.Length, read.BodyLength);
        for (var i = StoredResponseFormat.StampLength; i < meta.Length; i++)
        {
            byte[] changed = [.. meta];
            changed[i] ^= 0x80;
            Assert.False(StoredResponseFormat.TryRead(changed, default, null, out _), $"byte {i} of meta");
        }
    }

    [Fact]
    public void A_byte_of_a_head_that_was_changed_is_noticed()
    {
        var response = Response();
        byte[] meta = [.. Encoding.ASCII.GetBytes(StoredResponseFormat.Stamp(1_763_956_800_000, Token)), (byte)'H'];
        byte[] head = [.. Encoding.ASCII.GetBytes(Token), .. StoredResponseFormat.Payload(response)];
        Assert.True(StoredResponseFormat.TryRead(meta, head, response.Body, out _));
        Assert.True(StoredResponseFormat.TryRead(meta, head, null, out _));
        for (var i = 0; i < head.Length; i++)
        {
            byte[] changed = [.. head];
            changed[i] ^= 0x80;
            Assert.False(StoredResponseFormat.TryRead(meta, changed, response.Body, out _), $"byte {i} of head");
            Assert.False(StoredResponseFormat.TryRead(meta, changed, null, out _), $"byte {i} of head, without the body");
        }
    }

    /// <summary>Recorded: what version 2 wrote of <see cref="Response"/>.</summary>
    [Fact]
    public void A_response_with_one_checksum_is_read_too()
    {
        byte[] meta = [.. Encoding.ASCII.GetBytes(StoredResponseFormat.Stamp(1_763_956_800_000, Token)), .. Convert.FromHexString(VersionTwo)];

        Assert.True(StoredResponseFormat.TryRead(meta, Response().Body, out var read));
        Assert.Equal(Response().Headers, read.Headers);
        Assert.True(StoredResponseFormat.TryRead(meta, default, null, out _));
        meta[^1] ^= 0x80;
        Assert.False(StoredResponseFormat.TryRead(meta, Response().Body, out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_bytes_make_reading_throw(bool withChecksum)
    {
        var valid = withChecksum ? Meta(Response()) : WithoutChecksum(Meta(Response()));
        var changes = ArbMap.Default.GeneratorFor<int>().Zip(ArbMap.Default.GeneratorFor<byte>()).ArrayOf();

        Prop.ForAll(changes.ToArbitrary(), changed =>
        {
            byte[] meta = [.. valid];
            foreach (var (place, value) in changed)
            {
                meta[(int)((uint)place % (uint)meta.Length)] = value;
            }

            _ = StoredResponseFormat.TryRead(meta, Response().Body, out _);
            _ = StoredResponseFormat.ReadStamp(meta);
        }).QuickCheckThrowOnFailure();

        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), static garbage =>
            !StoredResponseFormat.TryRead([.. Stamp(), .. garbage ?? []], Response().Body, out _)).QuickCheckThrowOnFailure();
        static byte[] Stamp() => Encoding.ASCII.GetBytes(StoredResponseFormat.Stamp(1, Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("176395680000")]
    [InlineData("17639568000x0ffffffffffffffffffffffffffffffff")]
    public void Bytes_without_a_stamp_have_none(string meta)
    {
        Assert.Equal("", StoredResponseFormat.ReadStamp(Encoding.ASCII.GetBytes(meta)));
    }

    [Fact]
    public void The_length_of_a_list_cannot_ask_for_more_memory_than_there_are_bytes()
    {
        var response = Response() with { Headers = [] };
        var meta = WithoutChecksum(Meta(response));
        meta[^1] = 0xFF;
        byte[] huge = [.. meta, 0xFF, 0xFF, 0xFF, 0x07];
        BitConverter.TryWriteBytes(huge.AsSpan(StoredResponseFormat.StampLength + 1), huge.Length - StoredResponseFormat.StampLength - 5);

        Assert.False(StoredResponseFormat.TryRead(huge, response.Body, out _));
    }

    [Fact]
    public void Well_known_names_have_a_number_each_and_only_in_their_spelling()
    {
        for (byte number = 1; WellKnownHeaders.NameOf(number) is { } name; number++)
        {
            Assert.Equal(number, WellKnownHeaders.NumberOf(name));
            Assert.Equal(0, WellKnownHeaders.NumberOf(name.ToLowerInvariant()));
        }

        Assert.Null(WellKnownHeaders.NameOf(0));
        Assert.Null(WellKnownHeaders.NameOf(255));
        Assert.Equal(1, WellKnownHeaders.NumberOf("Accept-Ranges"));
        Assert.Equal(42, WellKnownHeaders.NumberOf("X-XSS-Protection"));
    }

    /// <summary>As version 1 of the format had it.</summary>
    private static byte[] WithoutChecksum(byte[] meta)
    {
        const int version = StoredResponseFormat.StampLength;
        byte[] old = [.. meta[..(version + 13)], .. meta[(version + 21)..]];
        old[version] = 1;
        BitConverter.TryWriteBytes(old.AsSpan(version + 1), old.Length - version - 5);
        return old;
    }

    private static byte[] Meta(StoredResponse response) =>
        [.. Encoding.ASCII.GetBytes(StoredResponseFormat.Stamp(1_763_956_800_000, Token)), .. StoredResponseFormat.Payload(response)];

    // What Kestrel and the forwarder read as Latin-1.
    private static string OnlyBytes(string text) => string.Concat(text.Select(static c => (char)(c & 0xFF)));

    private static StoredResponse Response() => new()
    {
        Status = 200,
        Headers = [new HeaderField("Content-Type", "application/json"), new HeaderField("X-Own", "1")],
        Body = "{\"id\":1}"u8.ToArray(),
        ResponseTimeMs = 1_763_956_800_000,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "localhost:4004 /api/customers/123",
    };
}
