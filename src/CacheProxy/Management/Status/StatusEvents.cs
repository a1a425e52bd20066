using System.Buffers;
using System.Text.Json;
using CacheProxy.Management.Figures;

namespace CacheProxy.Management.Status;

/// <summary>
/// <c>GET /events</c>: the statistics every two seconds, as server-sent events. One timer serves all who listen, and there is none while
/// nobody does.
/// </summary>
/// <param name="ask">Asks for what is told.</param>
/// <param name="stopping">When every answer ends.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For what must not happen.</param>
internal sealed partial class StatusEvents(
    Func<Task<Action<Utf8JsonWriter>>> ask, CancellationToken stopping, TimeProvider time, ILogger<StatusEvents> logger)
{
    public const string Path = "/events";

    /// <summary>Pages that are told at the same time.</summary>
    public const int MostListeners = 16;

    public static readonly Answer[] Answers = [Answer.Text(200, "An event figures every two seconds, with what /statistics answers as its data.", "text/event-stream")];

    public static readonly ProblemKind TooManyListeners = new(StatusCodes.Status503ServiceUnavailable, "too-many-listeners", "Too many pages listen already");

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    // Who does not read for so long keeps a place from others.
    private static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private TaskCompletionSource<byte[]> _next = NewFrame();
    private ITimer? _timer;
    private int _listeners;
    private int _writing;

    public static RequestDelegate Create(IServiceProvider services) => new StatusEvents(
        services.GetRequiredService<StatisticsDocument>().AskAsync,
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping,
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<StatusEvents>>()).AnswerAsync;

    public async Task AnswerAsync(HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = "text/event-stream";
            return;
        }

        if (!TryJoin(out var frame))
        {
            await Problem.WriteAsync(context, TooManyListeners, $"At most {MostListeners} at a time; ask for /statistics now and then in place of it.");
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            // For a proxy on the way that would collect the events.
            context.Response.Headers["X-Accel-Buffering"] = "no";
            await context.Response.Body.FlushAsync(ends.Token);
            while (true)
            {
                var bytes = await frame.WaitAsync(ends.Token);
                frame = Next();
                await context.Response.Body.WriteAsync(bytes, ends.Token).AsTask().WaitAsync(LongestWrite, time, ends.Token);
                await context.Response.Body.FlushAsync(ends.Token).WaitAsync(LongestWrite, time, ends.Token);
            }
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The page was closed, or the program stops.
        }
        catch (TimeoutException)
        {
            // The page comes again if it is still there.
            context.Abort();
        }
        finally
        {
            Leave();
        }
    }

    private bool TryJoin(out Task<byte[]> frame)
    {
        lock (_lock)
        {
            frame = _next.Task;
            if (_listeners == MostListeners)
            {
                return false;
            }

            _listeners++;
            if (_timer is null)
            {
                _timer = time.CreateTimer(static state => _ = ((StatusEvents)state!).TellAsync(), this, TimeSpan.Zero, Period);
            }
            else
            {
                // A page that opens is not left empty until the next turn.
                _timer.Change(TimeSpan.Zero, Period);
            }

            return true;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_listeners == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }

    private Task<byte[]> Next()
    {
        lock (_lock)
        {
            return _next.Task;
        }
    }

    private async Task TellAsync()
    {
        // A turn that comes while the one before is not through is left out.
        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            return;
        }

        try
        {
            var frame = Frame(await ask());
            TaskCompletionSource<byte[]> told;
            lock (_lock)
            {
                (told, _next) = (_next, NewFrame());
            }

            told.SetResult(frame);
        }
        catch (Exception exception)
        {
            // The pages show what they have; the next turn tries again.
            TellFailed(logger, exception);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    private static byte[] Frame(Action<Utf8JsonWriter> write)
    {
        var frame = new ArrayBufferWriter<byte>();
        frame.Write("event: figures\ndata: "u8);
        using (var json = new Utf8JsonWriter(frame))
        {
            write(json);
        }

        frame.Write("\n\n"u8);
        return frame.WrittenSpan.ToArray();
    }

    private static TaskCompletionSource<byte[]> NewFrame() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(6401, LogLevel.Error, "The figures for the status page could not be read; it is tried again", EventName = nameof(TellFailed))]
    private static partial void TellFailed(ILogger logger, Exception exception);
}
