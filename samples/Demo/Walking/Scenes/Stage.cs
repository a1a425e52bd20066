using Demo.Starting;

namespace Demo.Walking.Scenes;

/// <summary>Plays the scenes, in a CacheProxy of their own.</summary>
internal sealed class Stage
{
    private static readonly Scene[] Scenes =
    [
        new FreshList(), new FurtherPolicies(), new OwnerOfAPet(), new PetsOfACustomer(), new TagOfReservations(), new SharedByClaims(), new WarmStart(),
    ];

    private readonly Sidecar _sidecar;
    private readonly Caller _caller;
    private readonly Ledger _ledger;
    private readonly TextWriter _output;
    private readonly CancellationToken _stop;

    private Stage(Sidecar sidecar, HttpClient client, TextWriter output, CancellationToken stop)
    {
        _sidecar = sidecar;
        _output = output;
        _stop = stop;
        _caller = new Caller(client, sidecar.Ports);
        _ledger = new Ledger(_caller, output);
    }

    /// <returns>Whether every step came out as it should.</returns>
    public static async Task<bool> PlayAllAsync(Sidecar sidecar, bool hasRedis, HttpClient client, TextWriter output, CancellationToken stop)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync($"What is off as shipped, in a second CacheProxy on port {sidecar.Ports.Proxy}, before the same API and on the same store.");
        var stage = new Stage(sidecar, client, output, stop);
        // It serves before it is connected to Redis, as the first one does. Not the walk's customer: in its own memory the first one has that.
        var warmUp = Script.WarmUp with { Path = "/api/customers/2" };
        await sidecar.WatchAsync(() => stage._caller.UntilHitAsync(warmUp, Walk.WarmUpPatience, stop));
        await stage._caller.ThroughProxyAsync(warmUp with { Method = "PUT", Body = "{\"firstName\":\"Updated\"}" }, stop);
        await stage._caller.ResetAsync(stop);
        foreach (var scene in Scenes)
        {
            if (scene.NeedsRedis && !hasRedis)
            {
                await output.WriteLineAsync();
                await output.WriteLineAsync($"{scene.Title}: only with --redis HOST:PORT.");
                continue;
            }

            await stage._ledger.HeadingAsync(scene.Title, [scene.Sentence, .. scene.Settings.Select(static pair => $"{pair.Key}={pair.Value}")]);
            await scene.PlayAsync(stage);
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync(stage._ledger.Sum("checks of the scenes"));
        return stage._ledger.Failures == 0;
    }

    /// <summary>What all scenes ask for together. A key with two values stops the demo: such scenes do not go together.</summary>
    public static IReadOnlyDictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in Scenes.SelectMany(static scene => scene.Settings))
        {
            if (!settings.TryAdd(key, value) && settings[key] != value)
            {
                throw new StartException($"Two scenes want {key} to be {settings[key]} and {value}.");
            }
        }

        return settings;
    }

    /// <summary>Where the management listener of the scenes' CacheProxy is.</summary>
    public Uri Management => new($"http://localhost:{_sidecar.Ports.Management}");

    /// <summary>Asks through CacheProxy, prints the answer and checks it.</summary>
    public Task<Exchange> AskAsync(Step step) => _sidecar.WatchAsync(() => _ledger.StepAsync(step, _stop));

    /// <summary>Stops CacheProxy and starts it anew: what its memory holds is gone.</summary>
    public async Task RestartAsync()
    {
        await _sidecar.RestartAsync(_stop);
        await RecountAsync();
    }

    /// <summary>What the API has been asked in between does not count for the next step.</summary>
    public Task RecountAsync() => _caller.RecountAsync(_stop);

    /// <summary>A line about what happens between two requests.</summary>
    public Task SayAsync(string line) => _output.WriteLineAsync($"  {line}");

    /// <summary>A check that is not about a request through CacheProxy; the problem is null when there is none.</summary>
    public Task CheckAsync(string line, string? problem) =>
        SayAsync($"{line}: {_ledger.Verdict(problem is null ? [] : [problem])}");
}
