using Demo;

var (options, problem) = CommandLine.Parse(args);
if (options is null)
{
    Console.Error.WriteLine(problem);
    return (int)ExitCode.Usage;
}

if (options.Help)
{
    Console.Out.Write(CommandLine.Help);
    return (int)ExitCode.Ok;
}

using var signals = new StopSignals();
return (int)await DemoRun.RunAsync(options, signals.Token);
