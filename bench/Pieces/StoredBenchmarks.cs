using System.Text;
using BenchmarkDotNet.Attributes;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Bench.Pieces;

/// <summary>What becomes of a response: its directives, its stored form, and what Cache-Status says of it.</summary>
[MemoryDiagnoser]
public class StoredBenchmarks
{
    private const string Token = "0123456789abcdef0123456789abcdef";
    private static readonly ResourceKey Key = new("demo:customer:123");

    private readonly HeaderDictionary _headers = [];
    private readonly EntrySeal _seal = new(new KeyRing([NewKey()]));
    private byte[] _meta = [];
    private SealedEntry _sealed;
    private StoredStamp _stamp;
    private ReadOnlyMemory<byte> _body;

    [GlobalSetup]
    public void Begin()
    {
        var stored = Responses.Stored();
        foreach (var (name, value) in stored.Headers)
        {
            _headers[name] = value;
        }

        _body = stored.Body;
        _sealed = _seal.Seal(Key, VariantKey.PlainSealed, Token, stored);
        _ = StoredResponseFormat.TryReadStamp([.. "1764326400000"u8, .. "0123456789abcdef0123456789abcdef"u8], out _stamp);
        _meta = [.. "1764326400000"u8, .. "0123456789abcdef0123456789abcdef"u8, .. StoredResponseFormat.Payload(stored)];
    }

    private static EntryKey NewKey() =>
        EntryKey.TryParse(Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[32])), out var key) ? key : throw new InvalidOperationException();

    [Benchmark]
    public bool ParseResponseDirectives() => ResponseDirectives.Of(new ResponseHeaders(_headers)).NoStore;

    [Benchmark]
    public byte[] WriteStored() => StoredResponseFormat.Payload(Responses.Stored());

    [Benchmark]
    public bool ReadStored() => StoredResponseFormat.TryRead(_meta, _body, out _);

    [Benchmark]
    public int WriteSealed() => _seal.Seal(Key, VariantKey.PlainSealed, Token, Responses.Stored()).Body.Length;

    // With the copy of the body that stands for the array in which Redis's reply arrives: it is decrypted in its place.
    [Benchmark]
    public bool ReadSealed() => _seal.Open(
        new BoundPlace(Key, VariantKey.PlainSealed, _stamp), _stamp, _sealed.Payload, [.. _sealed.Body], out _) == SealOutcome.Opened;

    [Benchmark]
    public bool ReadStoredOfCopy() => StoredResponseFormat.TryRead(_meta, _body.ToArray(), out _);

    [Benchmark]
    public string CacheStatusOfHit() => new CacheStatus(Hit: true, TtlSeconds: 299).Format();

    [Benchmark]
    public string CacheStatusOfFill() => new CacheStatus(Forward: CacheStatusForward.UriMiss, ForwardStatus: 200, Stored: true).Format();
}

/// <summary>A response as it is usual.</summary>
internal static class Responses
{
    public static StoredResponse Stored() => new()
    {
        Status = 200,
        Headers =
        [
            new("Content-Type", "application/json; charset=utf-8"), new("Date", "Sat, 28 Nov 2026 12:00:00 GMT"), new("Server", "Kestrel"),
            new("Cache-Control", "private, max-age=300"), new("ETag", "\"5f1d\""), new("Vary", "Accept-Encoding"), new("X-Request-Id", "0HN7"),
        ],
        Body = Body,
        ResponseTimeMs = 1_764_326_400_000,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "customers /api/customers/123",
    };

    private static readonly byte[] Body = new byte[1500];
}
