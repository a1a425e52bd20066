using BenchmarkDotNet.Running;
using CacheProxy.Bench.Pieces;

if (args is ["sharing"])
{
    await SharingSimulation.RunAsync();
    return;
}

// In this process: the program that BenchmarkDotNet would build for each run is refused by the rules of this repository.
BenchmarkSwitcher.FromAssembly(typeof(HitBenchmarks).Assembly).Run(["--inProcess", .. args]);
