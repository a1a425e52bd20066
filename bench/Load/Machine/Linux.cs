using System.Runtime.InteropServices;

namespace CacheProxy.Bench.Load.Machine;

/// <summary>The three calls of Linux that .NET does not have: waiting with microseconds, and the processor time of another process.</summary>
internal static unsafe partial class Linux
{
    public const short PollIn = 1;

    private const int TimerSlack = 29;

    /// <summary>The kernel may otherwise wake this thread 50 µs late, which would be counted as latency.</summary>
    public static void WakePrecisely() => _ = prctl(TimerSlack, 1, 0, 0, 0);

    /// <summary>Waits until one of the sockets has something to read. False when the time was up before.</summary>
    public static bool Poll(Span<PollEntry> entries, TimeSpan timeout)
    {
        var time = new Time { Seconds = (long)timeout.TotalSeconds, Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * 100 };
        fixed (PollEntry* first = entries)
        {
            return ppoll(first, (nuint)entries.Length, &time, null) > 0;
        }
    }

    /// <summary>
    /// User and system time of all threads of a process, those that have ended included. It is the sum that /proc/PID/stat shows in ticks
    /// of 10 ms, in nanoseconds. Null when the process has ended.
    /// </summary>
    public static TimeSpan? ProcessorTime(int process)
    {
        Time time;
        return clock_gettime((~process << 3) | 2, &time) == 0
            ? TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100))
            : null;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ppoll(PollEntry* entries, nuint count, Time* timeout, void* signals);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, Time* time);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
