namespace CacheProxy.Management.Figures;

/// <summary>
/// What the program has counted since its start and over the last minutes. Nothing is kept before somebody asks, by whichever page: from
/// then on a reading of the metrics is put aside every few seconds, until nobody has asked for half an hour.
/// </summary>
internal sealed partial class Statistics : IDisposable
{
    /// <summary>How far back "recent" goes.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Interest = TimeSpan.FromMinutes(30);
    private const int Kept = 21;

    // Tenants come and go, and a table never forgets a series.
    private const int MostSeries = 50_000;

    private readonly Lazy<RequestDelegate> _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Statistics> _logger;
    private readonly long _started;
    private readonly Lock _lock = new();
    private SeriesTable _table = new();
    private readonly Queue<MetricsReading> _kept = new();
    private ITimer? _timer;
    private long _asked;
    private volatile bool _disposed;

    /// <param name="metrics">The page that all figures are read from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For what must not happen.</param>
    public Statistics(Lazy<RequestDelegate> metrics, TimeProvider time, ILogger<Statistics> logger)
    {
        (_metrics, _time, _logger) = (metrics, time, logger);
        (_started, Started) = (time.GetTimestamp(), time.GetUtcNow());
    }

    public DateTimeOffset Started { get; }

    /// <summary>Somebody is interested in figures, and may want to know later what they are now.</summary>
    public void Notice()
    {
        lock (_lock)
        {
            _asked = _time.GetTimestamp();
            if (_timer is null && !_disposed)
            {
                _timer = _time.CreateTimer(static state => _ = ((Statistics)state!).KeepAsync(), this, TimeSpan.Zero, Period);
            }
        }
    }

    /// <summary>What is counted now, beside what was.</summary>
    public async Task<StatisticsNow> AskAsync()
    {
        Notice();
        var now = await ReadAsync();
        lock (_lock)
        {
            // So that who asks again at once has something to compare with.
            if (_kept.Count == 0)
            {
                _kept.Enqueue(now);
            }

            return new StatisticsNow(
                now,
                new SpanFigures(now, then: null, _time.GetElapsedTime(_started, now.Timestamp).TotalSeconds),
                Recent(now),
                Courses(now));
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private SpanFigures Recent(MetricsReading now)
    {
        if (_time.GetElapsedTime(_started, now.Timestamp) <= Window)
        {
            return new SpanFigures(now, then: null, _time.GetElapsedTime(_started, now.Timestamp).TotalSeconds);
        }

        // The youngest that is old enough; else the oldest.
        var then = _kept.Peek();
        foreach (var kept in _kept)
        {
            if (_time.GetElapsedTime(kept.Timestamp, now.Timestamp) >= Window)
            {
                then = kept;
            }
        }

        return new SpanFigures(now, then, _time.GetElapsedTime(then.Timestamp, now.Timestamp).TotalSeconds);
    }

    // From one reading to the next.
    private List<CoursePiece> Courses(MetricsReading now)
    {
        var courses = new List<CoursePiece>(_kept.Count);
        MetricsReading? before = null;
        foreach (var reading in _kept.Append(now))
        {
            if (before is not null && reading.Timestamp > before.Timestamp)
            {
                courses.Add(new CoursePiece(reading, before, _time.GetElapsedTime(before.Timestamp, reading.Timestamp).TotalSeconds));
            }

            before = reading;
        }

        return courses;
    }

    private async Task KeepAsync()
    {
        try
        {
            var reading = await ReadAsync();
            lock (_lock)
            {
                if (_time.GetElapsedTime(_asked) > Interest)
                {
                    _timer?.Dispose();
                    _timer = null;
                    _kept.Clear();
                    return;
                }

                _kept.Enqueue(reading);
                if (_kept.Count > Kept)
                {
                    _kept.Dequeue();
                }
            }
        }
        catch (Exception exception)
        {
            // The next one is tried; the span that is reported becomes longer. At the stop, there is nothing left to read.
            if (!_disposed)
            {
                KeepFailed(_logger, exception);
            }
        }
    }

    // By the page itself, so that there is one way to the figures, and no second count beside the metrics.
    private async Task<MetricsReading> ReadAsync()
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Request.Method = HttpMethods.Get;
        context.Response.Body = body;
        await _metrics.Value(context);
        lock (_lock)
        {
            if (_table.Count > MostSeries)
            {
                _table = new SeriesTable();
                _kept.Clear();
            }

            return MetricsReading.Parse(body.GetBuffer().AsSpan(0, (int)body.Length), _table, _time.GetTimestamp());
        }
    }

    [LoggerMessage(6400, LogLevel.Error, "The figures for statistics could not be read; it is tried again", EventName = nameof(KeepFailed))]
    private static partial void KeepFailed(ILogger logger, Exception exception);
}

/// <summary>What the program has counted, as of now.</summary>
/// <param name="Reading">For what has a value and no count.</param>
/// <param name="SinceStart">All of it.</param>
/// <param name="Recent">The last minutes of it, as many as are known.</param>
/// <param name="Course">The same in pieces, oldest first.</param>
internal sealed record StatisticsNow(MetricsReading Reading, SpanFigures SinceStart, SpanFigures Recent, IReadOnlyList<CoursePiece> Course);
