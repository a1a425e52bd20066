using CacheProxy.Bench.Load;
using CacheProxy.Bench.Load.Machine;

// Called by run.sh: measures all peers, or those that --only matches, and writes what it found to --out.
var options = Options.Parse(args);
Linux.WakePrecisely();
var run = Bench.Run(options);
run.Save(Path.Combine(options.Out, "results.json"));
return run.Failures.Count == 0 ? 0 : 1;
