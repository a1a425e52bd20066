using System.Diagnostics;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Management;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class ZzCost(ITestOutputHelper output)
{
    [Fact]
    public void Cost()
    {
        using var exposition = new Exposition();
        var samples = new RefusalSamples(new CacheMetrics(exposition.Meters, new Flights(), new HeldBodies(new MemoryOptions()), TimeProvider.System), TimeProvider.System);
        CachePolicy Policy(int kept) => new(
            new CachePolicyOptions { Name = "p" + kept, Key = "{tenant}:p:{id}", RefusalsKept = kept },
            KeyTemplate.TryParse("{tenant}:p:{id}", out var template, out _) ? template! : throw new InvalidOperationException());
        var context = new DefaultHttpContext { Request = { Method = "GET", Path = "/api/customers/1" } };
        foreach (var kept in (int[])[0, 16, 0, 16])
        {
            var policy = Policy(kept);
            for (var i = 0; i < 200_000; i++)
            {
                samples.Of(policy)?.Take(RefusalKind.Forwarded, "tenant-absent", context, null, 200);
            }

            var process = Process.GetCurrentProcess();
            var before = process.UserProcessorTime;
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            const int N = 5_000_000;
            for (var i = 0; i < N; i++)
            {
                samples.Of(policy)?.Take(RefusalKind.Forwarded, "tenant-absent", context, null, 200);
            }

            process.Refresh();
            output.WriteLine($"kept {kept}: {(process.UserProcessorTime - before).TotalNanoseconds / N:F1} ns, {(GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)N:F3} bytes");
        }
    }
}
