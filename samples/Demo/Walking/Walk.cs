namespace Demo.Walking;

/// <summary>The requests of the demo, in order; each is sent, printed and checked.</summary>
internal sealed class Walk(Caller caller, TextWriter output)
{
    public static readonly TimeSpan WarmUpPatience = TimeSpan.FromSeconds(15);

    private readonly Ledger _ledger = new(caller, output);

    /// <returns>Whether every step came out as it should.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        await WarmUpAsync(stop);
        await caller.ResetAsync(stop);
        await StepsAsync("Four steps: read, read again, update, read (customer 123 of tenant demo)", Script.FourSteps, stop);
        await StepsAsync("What is never cached, who never sees whose customer, and a write to a part of a customer", Script.Beyond, stop);
        await ScenarioAsync("Scenario 1: a customer's profile viewed 5 times", Script.ProfileViews, queries: 1, stop);
        await ScenarioAsync("Scenario 2: the check-in of 10 customers, viewed 25 times", Script.CheckIn, queries: 10, stop);
        await output.WriteLineAsync();
        await output.WriteLineAsync(_ledger.Sum("checks"));
        return _ledger.Failures == 0;
    }

    /// <summary>
    /// Until CacheProxy has cached something, or patience has run out: it serves before it is connected to Redis.
    /// What it does then is checked by the walk itself, on other customers.
    /// </summary>
    private async Task WarmUpAsync(CancellationToken stop)
    {
        if (!await caller.UntilHitAsync(Script.WarmUp, WarmUpPatience, stop))
        {
            await output.WriteLineAsync($"No hit within {WarmUpPatience.TotalSeconds:0} s of asking for the same customer.");
        }

        foreach (var step in Script.FurtherWarmUps)
        {
            await caller.ThroughProxyAsync(step, stop);
            await caller.StraightToApiAsync(step, stop);
        }
    }

    private async Task StepsAsync(string title, IReadOnlyList<Step> steps, CancellationToken stop)
    {
        await _ledger.HeadingAsync(title);
        foreach (var step in steps)
        {
            await _ledger.StepAsync(step, stop);
        }
    }

    private async Task ScenarioAsync(string title, IReadOnlyList<Step> steps, long queries, CancellationToken stop)
    {
        var straight = TimeSpan.Zero;
        var queriesBefore = caller.QueriesSoFar;
        foreach (var step in steps)
        {
            straight += (await caller.StraightToApiAsync(step, stop)).Elapsed;
        }

        var straightQueries = caller.QueriesSoFar - queriesBefore;

        await _ledger.HeadingAsync(title);
        var cached = TimeSpan.Zero;
        queriesBefore = caller.QueriesSoFar;
        foreach (var step in steps)
        {
            cached += (await _ledger.StepAsync(step, stop)).Elapsed;
        }

        var cachedQueries = caller.QueriesSoFar - queriesBefore;

        await output.WriteLineAsync(
            $"  {steps.Count} views: {Ledger.Queries(cachedQueries)} instead of {straightQueries} straight to the API " +
            $"({Ledger.Milliseconds(cached)} instead of {Ledger.Milliseconds(straight)}); expected {queries} instead of {steps.Count}: " +
            _ledger.Verdict(cachedQueries == queries && straightQueries == steps.Count ? [] : ["the queries differ"]));
    }
}
