using CacheProxy.Configuration;
using CacheProxy.Hosting;

try
{
    await using var app = CacheProxyHost.Build(args);
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
