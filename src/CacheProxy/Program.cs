using CacheProxy.CommandLine;
using CacheProxy.Configuration;
using CacheProxy.Hosting;

// Anything but a start is a command of its own, and a start loads nothing of them.
if (!CommandWord.IsRun(args, out var settings))
{
    return await Commands.InvokeAsync(args);
}

try
{
    await using var app = CacheProxyHost.Build(settings, new CacheProxyHostOptions
    {
        // Of what reading the configuration and the start have left behind, a quarter is needed. Not resident when idle: some 7 MB, for some
        // 12 ms in which nobody waits yet. Before the services have started, it was 1 to 2 MB less.
        BeforeListening = static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true),
    });
    await CacheProxyHost.StartAsync(app);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (ConfigurationRefusedException refused)
{
    // Everything that an operator can fix is reported at once; anything else is a defect of ours and keeps its stack trace.
    await Console.Error.WriteAsync(ConfigurationReport.OfStart(refused.Problems));
    return 1;
}
