namespace Demo.Walking;

/// <summary>The requests of the demo, in order; each is sent, printed and checked.</summary>
internal sealed class Walk(Caller caller, TextWriter output)
{
    private static readonly TimeSpan WarmUpPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WarmUpPause = TimeSpan.FromMilliseconds(50);

    private int _steps;
    private int _failures;

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
        await output.WriteLineAsync(_failures == 0
            ? $"All {_steps} checks came out as they should."
            : $"{_failures} of {_steps} checks FAILED.");
        return _failures == 0;
    }

    /// <summary>
    /// Until CacheProxy has cached something, or patience has run out: it serves before it is connected to Redis.
    /// What it does then is checked by the walk itself, on other customers.
    /// </summary>
    private async Task WarmUpAsync(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(WarmUpPatience);
        try
        {
            while (!(await caller.ThroughProxyAsync(Script.WarmUp, patience.Token)).Answer.IsHit)
            {
                await Task.Delay(WarmUpPause, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
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
        await HeadingAsync(title);
        foreach (var step in steps)
        {
            await StepAsync(step, stop);
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

        await HeadingAsync(title);
        var cached = TimeSpan.Zero;
        queriesBefore = caller.QueriesSoFar;
        foreach (var step in steps)
        {
            cached += (await StepAsync(step, stop)).Elapsed;
        }

        var cachedQueries = caller.QueriesSoFar - queriesBefore;

        await output.WriteLineAsync(
            $"  {steps.Count} views: {Queries(cachedQueries)} instead of {straightQueries} straight to the API " +
            $"({Milliseconds(cached)} instead of {Milliseconds(straight)}); expected {queries} instead of {steps.Count}: " +
            Verdict(cachedQueries == queries && straightQueries == steps.Count ? [] : ["the queries differ"]));
    }

    private async Task<Exchange> StepAsync(Step step, CancellationToken stop)
    {
        var exchange = await caller.ThroughProxyAsync(step, stop);
        var request = $"{step.Method} {step.Path}{(step.Tenant == "demo" ? "" : $" (tenant {step.Tenant})")}";
        var answer = exchange.Answer == CacheAnswer.None ? "(no Cache-Status)" : exchange.Answer.Text;
        await output.WriteLineAsync(
            $"  {request,-46} {answer,-48} {Milliseconds(exchange.Elapsed),9}  +{Queries(exchange.Queries),-9} = {caller.QueriesSoFar,3}  " +
            Verdict(step.Problems(exchange).ToList()));
        return exchange;
    }

    private async Task HeadingAsync(string title)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync(title);
        await output.WriteLineAsync($"  {"request",-46} {"the cache's answer",-48} {"time",9}  {"API queries",-16}");
    }

    private string Verdict(IReadOnlyCollection<string> problems)
    {
        _steps++;
        if (problems.Count == 0)
        {
            return "ok";
        }

        _failures++;
        return $"FAILED: {string.Join("; ", problems)}";
    }

    private static string Queries(long count) => count == 1 ? "1 query" : $"{count} queries";

    private static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0.0} ms";
}
