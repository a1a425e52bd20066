using System.Collections.Immutable;
using System.Security.Cryptography;
using CacheProxy.Configuration.Checks;
using CacheProxy.Configuration.Policies;
using CacheProxy.Telemetry;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration;

/// <summary>
/// Reads everything again when a file has changed. Only a configuration without a problem takes effect, and as a whole; otherwise the
/// last good one stays in force, here and in YARP.
/// </summary>
internal sealed partial class ConfigurationReloader(
    ConfigurationSources sources,
    ConfigurationFileWatch watch,
    ConfigurationSnapshot first,
    RouteGeneration generation,
    InMemoryConfigProvider proxy,
    LoggingSetup logging,
    TimeProvider time,
    ILogger<ConfigurationReloader> logger) : BackgroundService
{
    private static readonly string[] SectionsOfTheStart =
    [
        KestrelSettings.SectionName,
        CacheProxySettings.RedisSection,
        CacheProxySettings.MemorySection,
        CacheProxySettings.InlineSocketsKey,
        IntakeSettings.StreamSection,
        TelemetrySettings.Section,
    ];

    /// <summary>The configuration in force. Request code must not read it: it may change between routing and the answer.</summary>
    public ConfigurationSnapshot Current { get; private set; } = first;

    /// <summary>Whether what is configured now could not be taken over, so that an earlier configuration is in force.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Another configuration has come into force.</summary>
    public event Action<ConfigurationSnapshot>? Changed;

    /// <summary>Before the listeners open, so that the warning stands above what it warns of.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        WarnOfSharing(Current.Options);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await watch.WaitForChangeAsync(time, stoppingToken))
        {
            try
            {
                Reload();
            }
            catch (Exception exception)
            {
                // A defect of ours must not end a running program: the last good configuration stays in force.
                IsRefused = true;
                ReloadFailed(logger, exception);
            }
        }
    }

    private void Reload()
    {
        var problems = new List<ConfigurationProblem>(watch.Vanished());
        var next = problems.Count == 0 ? ConfigurationCompiler.Compile(sources, Current.Options.Redis, problems) : null;
        // Those of a refused configuration, too: a key that comes late makes it a good one.
        watch.Follow(sources.KeyFiles);
        IsRefused = next is null;
        if (next is null)
        {
            ReloadRefused(logger, problems.Count, ConfigurationReport.Text(problems));
            return;
        }

        Adopt(next);
        Reloaded(logger, next.Proxy.Routes.Count, next.Options.Policies.Length);
        WarnOfSharing(next.Options);
    }

    // RFC 9111 is strict about Authorization alone. Its other rules count on the API to say "private", and Ttl is for APIs that say nothing.
    private void WarnOfSharing(CacheProxyOptions options)
    {
        foreach (var policy in options.Policies)
        {
            if (policy is { Credentials: CredentialsMode.Rfc9111, Ttl: not null, SharePersonalised: false })
            {
                SharesPersonalised(logger, policy.Name);
            }
        }
    }

    private void TakeOver(ConfigurationSnapshot next)
    {
        var running = Current;
        foreach (var section in SectionsOfTheStart)
        {
            if (!SameValues(running.Values.GetSection(section), next.Values.GetSection(section)))
            {
                NeedsRestart(logger, section);
            }
        }

        if (!logging.TryFollow(next.Logging))
        {
            NeedsRestart(logger, TelemetrySettings.LogSection);
        }

        Current = next;
        proxy.Update(generation.Begin(next.Proxy.Routes, next.Rules), next.Proxy.Clusters);
        Changed?.Invoke(next);
    }

    private static bool SameValues(IConfigurationSection left, IConfigurationSection right) =>
        left.AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .SequenceEqual(right.AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase));

    [LoggerMessage(1100, LogLevel.Information, "Configuration reloaded: {Routes} routes, {Policies} policies")]
    private static partial void Reloaded(ILogger logger, int routes, int policies);

    [LoggerMessage(1101, LogLevel.Error, "Configuration not reloaded, the last good one stays in force; {Count} problems:\n{Problems}")]
    private static partial void ReloadRefused(ILogger logger, int count, string problems);

    [LoggerMessage(1102, LogLevel.Warning, "The changed configuration of {Section} takes effect at the next start")]
    private static partial void NeedsRestart(ILogger logger, string section);

    [LoggerMessage(
        1104,
        LogLevel.Warning,
        "Policy {Policy} shares what cookies personalise: Credentials is Rfc9111, and Ttl makes answers fresh that do not say who may share them")]
    private static partial void SharesPersonalised(ILogger logger, string policy);

    [LoggerMessage(1103, LogLevel.Error, "Configuration not reloaded, the last good one stays in force")]
    private static partial void ReloadFailed(ILogger logger, Exception exception);
}

/// <summary>
/// Watches the configuration files, and the key files that they name, by reading them. They are small, and their content changes whether a file is edited, replaced by
/// renaming, or belongs to a ConfigMap whose directory link is swapped. Change events miss the last case.
/// </summary>
internal sealed class ConfigurationFileWatch
{
    /// <summary>A change takes effect when two readings in a row agree, so that a half-written file is not used.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly bool[] _there;
    private ImmutableArray<string> _files;
    private byte[]?[] _handled;

    /// <summary>Create it before the first configuration is read, so that no change in between is missed.</summary>
    public ConfigurationFileWatch(IReadOnlyList<string> files)
    {
        _files = [.. files];
        _handled = Read();
        _there = [.. _handled.Select(static content => content is not null)];
    }

    /// <summary>Watches these, too, in place of those that it was given here before. They may come and go.</summary>
    public void Follow(IReadOnlyList<string> others)
    {
        string[] files = [.. _files.Take(_there.Length), .. others];
        // What was read of a file before it was looked into is what was handled, not what is in it by now.
        byte[]?[] handled = [.. files.Select(file => _files.IndexOf(file) is var known and >= 0 ? _handled[known] : ReadFile(file))];
        (_files, _handled) = ([.. files], handled);
    }

    /// <summary>Files that were there at the start and are gone: more likely an accident than a wish for the defaults.</summary>
    public IEnumerable<ConfigurationProblem> Vanished()
    {
        for (var i = 0; i < _there.Length; i++)
        {
            if (_there[i] && !File.Exists(_files[i]))
            {
                yield return new ConfigurationProblem(_files[i], null, "missing; the file was there at the start");
            }
        }
    }

    /// <summary>Waits until a file differs from what was last handled, and has settled. False when stopped.</summary>
    public async Task<bool> WaitForChangeAsync(TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var seen = _handled;
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                var now = Read();
                if (Same(now, seen) && !Same(now, _handled))
                {
                    _handled = now;
                    return true;
                }

                seen = now;
            }
        }
        catch (OperationCanceledException)
        {
            // The host is stopping: nothing more to wait for.
        }

        return false;
    }

    private byte[]?[] Read() => [.. _files.Select(ReadFile)];

    private static byte[]? ReadFile(string path)
    {
        try
        {
            // Some hold keys.
            return SHA256.HashData(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Absent or unreadable: either is a state to compare. The reload reports what is wrong.
            return null;
        }
    }

    private static bool Same(byte[]?[] left, byte[]?[] right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i] is null != right[i] is null || !left[i].AsSpan().SequenceEqual(right[i]))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>One checked configuration, compiled. Immutable. Requests do not see it: what they need travels with their endpoint.</summary>
internal sealed class ConfigurationSnapshot
{
    public required CacheProxyOptions Options { get; init; }

    public required PolicySet Policies { get; init; }

    /// <summary>What requests are judged by.</summary>
    public required RequestRules Rules { get; init; }

    public required ListenerSettings Listeners { get; init; }

    public required LoggingOptions Logging { get; init; }

    public required YarpCandidate Proxy { get; init; }

    /// <summary>All values as read, for what is set up once at the start (Kestrel).</summary>
    public required IConfigurationRoot Values { get; init; }
}
