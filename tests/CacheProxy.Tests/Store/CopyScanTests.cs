using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>What a crawl over everything does to the copies of what is hot.</summary>
public sealed class CopyScanTests(ITestOutputHelper output)
{
    private const int Customers = 100_000;
    private const int LookUpsPerSecond = 10_000;
    private const int Seconds = 5;
    private const int SecondsBefore = 1;

    private static readonly TimeSpan TwoSeconds = TimeSpan.FromSeconds(2);
    private static readonly double[] Shares = Zipf();
    private static readonly LookUpResult Entry = new(LookUpOutcome.Found, "", new StoredResponse
    {
        Status = 200,
        Headers = [],
        Body = new byte[1500],
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "host /",
    }, "")
    {
        Variant = VariantKey.Plain,
        IsHeld = true,
    };

    [Fact]
    public void A_crawl_of_as_many_look_ups_as_all_others_takes_hardly_a_hit_from_them()
    {
        // Room for some 400 of the 100,000.
        var alone = Play(crawls: 0, out var holds);
        var crawled = Play(crawls: 1, out var holdsWhileCrawled);
        var flooded = Play(crawls: 4, out var holdsWhileFlooded);
        output.WriteLine($"hits from copies: alone {alone:P1}, beside a crawl {crawled:P1}, beside one four times as fast {flooded:P1}");
        output.WriteLine($"holds a second: alone {holds}, beside a crawl {holdsWhileCrawled}, beside one four times as fast {holdsWhileFlooded}");

        Assert.InRange(alone, 0.4, 0.6);
        // Which customers share a place in the table differs from run to run.
        Assert.InRange(crawled, alone - 0.03, 1);
        Assert.InRange(flooded, alone - 0.05, 1);
        Assert.InRange(holdsWhileFlooded, 0, holds * 1.5);
    }

    private static double Play(int crawls, out int holdsPerSecond)
    {
        var time = new FakeTimeProvider();
        using var copies = new LocalCopies(time, options: new MemoryOptions { SizeLimit = 1024 * 1024 });
        copies.Use(new ReplicaBus().Join("1111111111111111"));
        var random = new Random(1);
        var (hits, holds, crawled) = (0, 0, 0);
        for (var i = 0; i < Seconds * LookUpsPerSecond; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1) / LookUpsPerSecond);
            var place = Array.BinarySearch(Shares, random.NextDouble());
            var isHit = IsHit(copies, place < 0 ? ~place : place, ref holds);
            hits += isHit && i >= SecondsBefore * LookUpsPerSecond ? 1 : 0;
            for (var j = 0; j < crawls; j++)
            {
                IsHit(copies, crawled++ % Customers, ref holds);
            }
        }

        holdsPerSecond = holds / Seconds;
        return hits / (double)((Seconds - SecondsBefore) * LookUpsPerSecond);
    }

    private static bool IsHit(LocalCopies copies, int customer, ref int holds)
    {
        var key = new ResourceKey($"demo:customer:{customer}");
        if (copies.Find(key, VariantKey.Plain) is not null)
        {
            return true;
        }

        if (copies.TryBeginHold(key, VariantKey.Plain, TwoSeconds, out var begun))
        {
            copies.Add(key, Entry, begun);
            holds++;
        }
        else
        {
            copies.Found(key, begun);
        }

        return false;
    }

    // Of the most often asked to that of all.
    private static double[] Zipf()
    {
        var shares = new double[Customers];
        var sum = 0.0;
        for (var i = 0; i < shares.Length; i++)
        {
            sum += 1 / Math.Pow(i + 1, 0.99);
            shares[i] = sum;
        }

        for (var i = 0; i < shares.Length; i++)
        {
            shares[i] /= sum;
        }

        return shares;
    }
}
