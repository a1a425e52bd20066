using System.Runtime.InteropServices;
using CacheProxy.Bench.Load;
using CacheProxy.Bench.Load.Machine;
using CacheProxy.Bench.Load.Measures;
using CacheProxy.Bench.Load.Results;

// Called by run.sh: measures all peers, or those that --only matches, and writes what it found to --out. With --docs it measures nothing
// and writes the page from what an earlier run has found.
var options = Options.Parse(args);
var file = Path.Combine(options.Out, "results.json");
if (options.Docs is { } root)
{
    Page.WriteDocs(Run.Load(file), root);
    return 0;
}

// An exit ends what was started.
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, static _ => Environment.Exit(130));
using var ended = PosixSignalRegistration.Create(PosixSignal.SIGTERM, static _ => Environment.Exit(143));
Linux.WakePrecisely();
if (options.RedisLoad)
{
    return RedisLoad.Run(options);
}

var run = Bench.Run(options);
run.Save(file);
Page.WriteResults(run, options.Out);
return run.Failures.Count == 0 ? 0 : 1;
