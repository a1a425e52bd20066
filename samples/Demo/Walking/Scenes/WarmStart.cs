using System.Diagnostics;

namespace Demo.Walking.Scenes;

/// <summary>What is asked for most is fetched at the start, before anybody asks for it.</summary>
internal sealed class WarmStart : Scene
{
    private const string Changed = "/api/services/5";
    private const string NewPrice = "\"priceCents\":5500";
    private const string FetchedOne = "cacheproxy_warm_requests_total{policy=\"service\",result=\"fetched\"} 1";

    private static readonly string[] Services = ["/api/services/4", Changed, "/api/services/6"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public override string Title => "A warm start";

    public override string Sentence => "CacheProxy starts anew and fetches what is hot and missing: its first reader has a hit, and costs the API nothing.";

    public override bool NeedsRedis => true;

    // A policy and a route of its own: at each later start, all that is hot is there.
    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["ReverseProxy:Routes:serviceitem:ClusterId"] = "customer-api",
        ["ReverseProxy:Routes:serviceitem:Match:Path"] = "/api/services/{id}",
        ["ReverseProxy:Routes:serviceitem:Metadata:CachePolicy"] = "service",
        ["ReverseProxy:Routes:serviceitem:Metadata:Evicts"] = "service-catalog",
        ["CacheProxy:Policies:service:Key"] = "{tenant}:service:{id}",
        ["CacheProxy:Policies:service:Ttl"] = "24h",
        ["CacheProxy:Policies:service:Credentials"] = "Shared",
        ["CacheProxy:Policies:service:Warm:Top"] = "100",
    };

    public override async Task PlayAsync(Stage stage)
    {
        foreach (var service in Services)
        {
            await stage.AskAsync(Step.Get(service, Expected.Miss));
        }

        await stage.AskAsync(new Step("PATCH", Changed, Expected.Forwarded, Body: $"{{{NewPrice}}}", Shows: NewPrice));
        await stage.SayAsync("CacheProxy is stopped and started again; it knows from Redis what was hot.");
        await stage.RestartAsync();
        await stage.CheckAsync("It fetches the one that the write has evicted, and no other", await HasFetchedAsync(stage) ? null : "it has not");
        await stage.RecountAsync();
        foreach (var service in Services)
        {
            await stage.AskAsync(Step.Get(service, Expected.Hit, service == Changed ? NewPrice : null));
        }
    }

    private static async Task<bool> HasFetchedAsync(Stage stage)
    {
        using var client = new HttpClient();
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < Patience;)
        {
            if ((await client.GetStringAsync(new Uri(stage.Management, "/metrics"))).Contains(FetchedOne, StringComparison.Ordinal))
            {
                return true;
            }

            await Task.Delay(Pause);
        }

        return false;
    }
}
