using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Management;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>Somebody who changes the API's data past the proxies, and then purges what it changed, in every way there is.</summary>
/// <param name="run">The run.</param>
/// <param name="random">What decides.</param>
/// <param name="longestPauseMs">Between two purges: most of them are of everything, and what is purged all the time is never held.</param>
/// <param name="proxies">Where it purges.</param>
internal sealed class PurgedWrites(LongRun run, Random random, int longestPauseMs, params ProxyUnderTest[] proxies)
{
    private static readonly string[] Modes = ["Hard", "Soft"];

    /// <summary>Purges that were done.</summary>
    public int Count { get; private set; }

    public async Task GoOnAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var one = run.Customers[random.Next(run.Customers.Count)];
            var kind = random.Next(6);
            var isOfOne = kind < 3;
            (RecordedCustomer Customer, int Version)[] written = [.. (isOfOne ? [one] : run.Customers).Select(static customer => (customer, customer.Commit(exists: true)))];
            var mode = Modes[random.Next(2)];
            await PurgeAsync(proxies[random.Next(proxies.Length)], kind switch
            {
                0 => $$"""{"policy":"customer","key":"demo:customer:{{one.Id}}","mode":"{{mode}}"}""",
                1 => $$"""{"url":"http://any.test{{one.Path}}","tenant":"demo","mode":"{{mode}}"}""",
                2 => $$"""{"tag":"customer-{{one.Id}}","tenant":"demo"}""",
                3 => $$"""{"policy":"customer","mode":"{{mode}}"}""",
                4 => $$"""{"tenant":"demo","mode":"{{mode}}"}""",
                _ => $$"""{"policy":"customer","tenant":"demo","mode":"{{mode}}"}""",
            });
            foreach (var (customer, version) in written)
            {
                run.Purged(customer, version);
            }

            Count++;
            await Pause.ForAsync(random.Next(longestPauseMs));
        }
    }

    private static async Task PurgeAsync(ProxyUnderTest proxy, string purge)
    {
        var answer = await proxy.AdministerAsync(HttpMethod.Post, "/purges", purge);
        while (answer.Status == 202)
        {
            await Pause.ForAsync(1);
            answer = await proxy.AdministerAsync(HttpMethod.Get, answer["Location"] ?? $"/purges/{answer.Text.Split('"')[3]}");
            Assert.True(answer.Status == 200, answer.Text);
            if (PurgeTests.State(answer) != "running")
            {
                break;
            }
        }

        Assert.True(answer.Status == 200 && PurgeTests.State(answer) == "done", answer.Text);
    }
}
