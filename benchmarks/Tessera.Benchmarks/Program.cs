using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Tessera.Benchmarks;
using Tessera.Benchmarks.Recipe;
using Tessera.Benchmarks.Soak;
using Tessera.Benchmarks.Worker;

return args switch
{
    ["worker", .. var settings] => WorkerProgram.Run(settings),
    ["kernels", .. var options] => Kernels(options),
    ["recipe", .. var options] => RecipeProgram.Run(options),
    ["update-cost"] => UpdateCost.Run(),
    ["quantizer-cost", .. var experiments] => QuantizerCost.Run(experiments),
    ["store", .. var arguments] => StoreTraining.Run(arguments),
    ["soak", .. var arguments] => SoakProgram.Run(arguments),
    _ => Usage(),
};

static int Kernels(string[] options)
{
    // BenchmarkDotNet's limit of two minutes for its build is too short on a busy machine.
    ManualConfig config = ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(TimeSpan.FromMinutes(10));
    BenchmarkSwitcher.FromAssembly(typeof(WorkerProgram).Assembly).Run(options, config);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: Tessera.Benchmarks kernels [--filter PATTERN] [...]   times the kernels; kernels --help
               Tessera.Benchmarks recipe [NAME] [...]                makes the runs of docs/recipe.md; recipe --help
               Tessera.Benchmarks update-cost                        times updates of 32 and of 256 images
               Tessera.Benchmarks quantizer-cost [NAME...]           times updates of the rows of docs/quantizers.md
               Tessera.Benchmarks store                              packs and trains on many images; store --help
               Tessera.Benchmarks soak                               kills, full disks, damaged files; soak --help
               Tessera.Benchmarks worker IMAGES VARIANCE THREADS   obeys benchmarks/compare.py
        """);
    return 2;
}
