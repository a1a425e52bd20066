namespace Demo.Walking;

/// <summary>Sends each step, prints what came of it, and counts what did not come out as it should.</summary>
internal sealed class Ledger(Caller caller, TextWriter output)
{
    public int Checks { get; private set; }

    public int Failures { get; private set; }

    /// <summary>What came of them all.</summary>
    public string Sum(string checks) => Failures == 0
        ? $"All {Checks} {checks} came out as they should."
        : $"{Failures} of {Checks} {checks} FAILED.";

    public async Task HeadingAsync(string title, params string[] furtherLines)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync(title);
        foreach (var line in furtherLines)
        {
            await output.WriteLineAsync($"  {line}");
        }

        await output.WriteLineAsync($"  {"request",-46} {"the cache's answer",-48} {"time",9}  {"API queries",-16}");
    }

    public async Task<Exchange> StepAsync(Step step, CancellationToken stop)
    {
        var exchange = await caller.ThroughProxyAsync(step, stop);
        var request = $"{step.Method} {step.Path}{(step.Tenant == "demo" ? "" : $" (tenant {step.Tenant})")}";
        var answer = exchange.Answer == CacheAnswer.None ? "(no Cache-Status)" : exchange.Answer.Text;
        await output.WriteLineAsync(
            $"  {request,-46} {answer,-48} {Milliseconds(exchange.Elapsed),9}  +{Queries(exchange.Queries),-9} = {caller.QueriesSoFar,3}  " +
            Verdict(step.Problems(exchange).ToList()));
        return exchange;
    }

    public string Verdict(IReadOnlyCollection<string> problems)
    {
        Checks++;
        if (problems.Count == 0)
        {
            return "ok";
        }

        Failures++;
        return $"FAILED: {string.Join("; ", problems)}";
    }

    public static string Queries(long count) => count == 1 ? "1 query" : $"{count} queries";

    public static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0.0} ms";
}
