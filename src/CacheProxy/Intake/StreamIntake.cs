using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Store;
using CacheProxy.Writing;

namespace CacheProxy.Intake;

/// <summary>
/// Reads one stream: evicts what its entries tell of, and only then acknowledges them. At least once: an entry of which that is not certain
/// comes again, to this replica or to another one.
/// </summary>
internal sealed class StreamIntake(
    IWriteStream stream,
    string key,
    IntakeStreamOptions options,
    ConfigurationReloader configuration,
    OutsideWriteHandler handler,
    IntakeMetrics metrics,
    StreamLag lag,
    TimeProvider time,
    ILogger logger)
{
    // More that the store could not evict are left to be claimed.
    private const int MostWaiting = 1000;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenReports = TimeSpan.FromMinutes(1);

    private readonly string _deadLetters = key + options.DeadLetterSuffix;
    private readonly List<StreamItem> _waiting = [];
    private long _claimed;
    private long _retried;
    private long _reported;

    /// <summary>Goes on until the program stops; what it is at by then, it finishes.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        logger.StreamBegins(key, options.Group);
        while (!stopping.IsCancellationRequested)
        {
            var pause = options.Interval;
            try
            {
                pause = await PassAsync() ? TimeSpan.Zero : options.Interval;
            }
            catch (Exception exception)
            {
                // A defect of ours. Entries that were read are not acknowledged, and come again.
                logger.StreamFailed(exception, key);
                pause = BetweenTries;
            }

            if (pause > TimeSpan.Zero)
            {
                await Task.WhenAny(Task.Delay(pause, time, stopping));
            }
        }

        await stream.LeaveAsync();
    }

    /// <summary>Whether there is more at once.</summary>
    private async Task<bool> PassAsync()
    {
        var read = await stream.ReadAsync(options.BatchSize);
        if (read.MadeGroup)
        {
            logger.GroupMade(key, options.Group);
        }

        if (read.Failure is { } failure && IsDue(ref _reported, BetweenReports))
        {
            logger.StreamUnreadable(key, failure);
        }

        var items = new List<StreamItem>(read.Items);
        if (IsDue(ref _claimed, options.ClaimAfter / 2))
        {
            items.AddRange((await stream.ClaimAsync(options.ClaimAfter, options.BatchSize)).Items);
        }

        var looks = IsDue(ref _retried, BetweenTries);
        if (looks)
        {
            items.AddRange(_waiting);
            _waiting.Clear();
        }

        if (items.Count > 0)
        {
            await TakeAsync([.. items.DistinctBy(static item => item.Id)]);
        }

        if (looks)
        {
            lag.Saw(await stream.OldestAsync());
        }

        return read.Items.Count > 0;
    }

    private async Task TakeAsync(StreamItem[] entries)
    {
        var judge = configuration.Current;
        var read = Array.ConvertAll(entries, entry => Read(entry, judge.Options.Intake));
        var outcomes = await handler.TakeAsync(judge, [.. read.SelectMany(static items => items)], IntakeMetrics.Stream);
        var done = new List<string>(entries.Length);
        var first = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            var own = outcomes.AsSpan(first, read[i].Count).ToArray();
            first += own.Length;
            if (Array.Exists(own, static outcome => outcome.Result == IntakeResult.Unavailable))
            {
                Wait(entries[i]);
            }
            else if (Array.Find(own, static outcome => outcome.Result == IntakeResult.Refused).Refusal is { } refusal)
            {
                await RefuseAsync(entries[i], refusal);
            }
            else
            {
                done.Add(entries[i].Id);
            }
        }

        if (done.Count > 0)
        {
            await stream.AcknowledgeAsync(done, options.DeleteDone);
        }
    }

    // Whoever claims it tries again: a replica that runs by a newer configuration may understand it.
    private async Task RefuseAsync(StreamItem entry, OutsideRefusal refusal)
    {
        if (await stream.TriesAsync(entry.Id) is { } tries
            && tries >= options.MaxTries
            && await stream.SetAsideAsync(entry, _deadLetters, $"/{refusal.Member}: {refusal.Allowed}", options.DeleteDone))
        {
            metrics.SetAside(key);
            logger.EntrySetAside(entry.Id, key, _deadLetters, tries, refusal.Member, refusal.Allowed);
        }
    }

    private void Wait(StreamItem entry)
    {
        if (_waiting.Count < MostWaiting)
        {
            _waiting.Add(entry);
        }
    }

    private static List<IntakeItem> Read(StreamItem entry, IntakeOptions options)
    {
        if (PayloadOf(entry) is not { } payload)
        {
            return [IntakeItem.Refuse("", "one field that holds JSON, or a field named value")];
        }

        if (IsNothing(payload))
        {
            return [IntakeItem.Nothing];
        }

        if (!IntakeItem.TryParse(payload, out var json))
        {
            return [IntakeItem.Refuse("", "JSON in which no object has two members of one name")];
        }

        return json.ValueKind != JsonValueKind.Array ? [IntakeItem.Read(json, options)]
            : json.GetArrayLength() > options.MaxItems ? [IntakeItem.Refuse("", $"at most {options.MaxItems} items")]
            : [.. json.EnumerateArray().Select(item => IntakeItem.Read(item, options))];
    }

    /// <summary>Debezium writes the key and the value into fields of these names, or the value into one that is named as the key.</summary>
    private static byte[]? PayloadOf(StreamItem entry)
    {
        foreach (var (name, value) in entry.Fields)
        {
            if (name == "value")
            {
                return value;
            }
        }

        return entry.Fields.Count == 1 ? entry.Fields[0].Value : null;
    }

    // Debezium's word for null, which follows the deletion of a row.
    private static bool IsNothing(ReadOnlySpan<byte> payload) => payload.IsEmpty || payload.SequenceEqual("default"u8) || payload.SequenceEqual("null"u8);

    private bool IsDue(ref long last, TimeSpan period)
    {
        var now = time.GetTimestamp();
        if (last != 0 && time.GetElapsedTime(last, now) < period)
        {
            return false;
        }

        last = now;
        return true;
    }
}

/// <summary>Reads all streams that are configured.</summary>
internal sealed class StreamIntakes(
    ConfigurationReloader configuration,
    ICacheStore store,
    OutsideWriteHandler handler,
    IntakeMetrics metrics,
    TimeProvider time,
    ILogger<StreamIntakes> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Before that there is nothing to be read, and nothing wrong with it.
            await store.FirstContact.WaitAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
            return;
        }

        var options = configuration.Current.Options.Intake.Stream;
        var consumer = $"{Environment.MachineName}-{Guid.NewGuid():N}";
        var running = new List<Task>();
        foreach (var key in options.Keys)
        {
            if (store.OpenStream(key, options.Group, consumer) is { } stream)
            {
                var lag = new StreamLag(key, store, time);
                metrics.Watch(lag);
                running.Add(new StreamIntake(stream, key, options, configuration, handler, metrics, lag, time, logger).RunAsync(stoppingToken));
            }
        }

        await Task.WhenAll(running);
    }
}
