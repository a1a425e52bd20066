using System.Collections.Concurrent;
using CacheProxy.Configuration;
using CacheProxy.Reading.Comparing;
using CacheProxy.Store;

namespace CacheProxy.Auditing;

/// <summary>
/// Audits samples of hits one after the other, behind everybody's back: at most so many a second, resting after each for as long as it took,
/// so that a slow API is asked less; and not at all for a while after the API or the store has failed. Begins with the first sample.
/// </summary>
internal sealed partial class Auditor(
    HitSamples samples,
    Audit audit,
    AuditReport report,
    AuditMetrics metrics,
    ConfigurationReloader configuration,
    ResourceCache cache,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<Auditor> logger)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // A request's credentials are kept no longer, and what they stand for has hardly changed by then.
    private static readonly TimeSpan OldestSample = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, long> _logged = new();
    private TimeSpan _pause;
    private long _failed;

    /// <summary>Goes on until the program stops.</summary>
    public void Start() => _ = Task.Run(RunAsync, CancellationToken.None);

    private async Task RunAsync()
    {
        var stopping = lifetime.ApplicationStopping;
        try
        {
            while (await samples.Waiting.WaitToReadAsync(stopping))
            {
                // No sample is in a variable here: what it has of a request is gone as soon as it is audited.
                var began = time.GetTimestamp();
                if (await AuditNextAsync(stopping))
                {
                    var atLeast = TimeSpan.FromSeconds(1.0 / configuration.Current.Options.Audit.RatePerSecond);
                    var took = time.GetElapsedTime(began);
                    await Task.Delay(took > atLeast ? took : atLeast, time, stopping);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The program stops; what waits is let go.
        }
    }

    /// <returns>Whether the API was asked, or may have been.</returns>
    private async Task<bool> AuditNextAsync(CancellationToken stopping)
    {
        var sample = await samples.Waiting.ReadAsync(stopping);
        var policy = sample.Request.Policy.Name;
        if (IsPausing() || time.GetElapsedTime(sample.Taken) > OldestSample)
        {
            metrics.Count(policy, AuditResult.Skipped);
            report.Add(policy, new Audited(AuditResult.Skipped));
            return false;
        }

        Audited audited;
        try
        {
            audited = await audit.RunAsync(sample, stopping);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            // A defect of ours: no client is concerned, and the next sample is another one.
            if (IsDue(""))
            {
                AuditFailed(logger, exception);
            }

            audited = new Audited(AuditResult.Failed);
        }

        _pause = audited.Result is AuditResult.Failed or AuditResult.Unavailable or AuditResult.Refused ? Longer(_pause) : TimeSpan.Zero;
        _failed = time.GetTimestamp();
        metrics.Count(policy, audited.Result);
        report.Add(policy, audited);
        if (audited.IsWrong)
        {
            await EvictAsync(sample, audited);
        }

        return audited.Result is not (AuditResult.Skipped or AuditResult.Unavailable);
    }

    /// <summary>What is known to be wrong is served no longer, whoever is to blame.</summary>
    private async Task EvictAsync(HitSample sample, Audited audited)
    {
        var request = sample.Request;
        if (IsDue(request.Policy.Name))
        {
            HitWasWrong(logger, request.Policy.Name, audited.Place!, AuditResults.ToToken(audited.Result));
        }

        var prior = new LookUpResult(LookUpOutcome.Found, "", null, sample.Stamp);
        await cache.EvictAsync(
            request.Key, cache.NewLease(request.Key, prior, exclusive: false).Token, new StoreTimeoutBudget(request.StoreTimeout), request.Policy.HasDependents);
    }

    private bool IsPausing() => _pause > TimeSpan.Zero && time.GetElapsedTime(_failed) < _pause;

    private static TimeSpan Longer(TimeSpan pause) =>
        pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;

    private bool IsDue(string what)
    {
        var now = time.GetTimestamp();
        var isDue = !_logged.TryGetValue(what, out var last) || time.GetElapsedTime(last, now) >= LogInterval;
        if (isDue)
        {
            _logged[what] = now;
        }

        return isDue;
    }

    [LoggerMessage(
        6300,
        LogLevel.Warning,
        "A hit of policy {Policy} was wrong: the API answers otherwise, first at {Place} ({Kind}; reported at most once a minute)")]
    private static partial void HitWasWrong(ILogger logger, string policy, string place, string kind);

    [LoggerMessage(6301, LogLevel.Error, "An audit failed unexpectedly; others go on (reported at most once a minute)")]
    private static partial void AuditFailed(ILogger logger, Exception exception);
}
