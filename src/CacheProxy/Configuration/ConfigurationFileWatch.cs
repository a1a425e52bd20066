namespace CacheProxy.Configuration;

/// <summary>
/// Watches the configuration files by reading them: they are small, and content is the one thing that changes alike for an edited file,
/// a file replaced by renaming, and a ConfigMap whose directory link was swapped, which change events miss.
/// </summary>
internal sealed class ConfigurationFileWatch
{
    /// <summary>A change takes effect when it has looked the same twice, so that a file half written is not read.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<string> _files;
    private readonly bool[] _there;
    private byte[]?[] _handled;

    /// <summary>Made before the first configuration is read: a change in between is then one to come, not one missed.</summary>
    public ConfigurationFileWatch(IReadOnlyList<string> files)
    {
        _files = files;
        _handled = Read();
        _there = [.. _handled.Select(static content => content is not null)];
    }

    /// <summary>A file that was there at the start and is gone: more likely a mishap than a wish for defaults.</summary>
    public IEnumerable<ConfigurationProblem> Vanished()
    {
        for (var i = 0; i < _files.Count; i++)
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
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Absent or unreadable: both are a state to compare, and the reload says what is wrong.
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
