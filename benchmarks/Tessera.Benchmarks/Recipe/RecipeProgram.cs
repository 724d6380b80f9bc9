using Tessera.Data;

namespace Tessera.Benchmarks.Recipe;

/// <summary>Runs the experiments of <c>docs/recipe.md</c> and writes their tables and plots.</summary>
internal static class RecipeProgram
{
    /// <summary>Runs one experiment or all.</summary>
    /// <param name="args"><c>[NAME] [--row ROW] [--data-dir DIR] [--out DIR] [--runs DIR]</c></param>
    public static int Run(string[] args)
    {
        string? name = args.FirstOrDefault() is { } first && !first.StartsWith('-') ? first : null;
        Dictionary<string, string> options = args.Skip(name is null ? 0 : 1).Chunk(2)
            .Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        Experiment[] chosen = [.. Experiments.All.Where(experiment => name is null || experiment.Name == name)];
        bool isPrior = PriorExperiments.Names.Contains(name);
        if (chosen.Length == 0 && !isPrior || isPrior != options.ContainsKey("--tokenizer")
            || options.Keys.Except(["--data-dir", "--out", "--runs", "--row", "--tokenizer"]).Any())
        {
            Console.Error.WriteLine($"""
                usage: Tessera.Benchmarks recipe [NAME] [--row ROW] [--data-dir DIR] [--out DIR] [--runs DIR]
                DIR:   --out benchmarks/results/recipe, --runs runs/recipe by default
                NAME:  {string.Join(", ", Experiments.All.Select(experiment => experiment.Name))} [all, in this order]
                       with --tokenizer RUN, priors over its codes: {string.Join(", ", PriorExperiments.Names)}
                Runs listed in NAME.csv are not made again; to repeat one, delete its line and its run folder.
                """);
            return 2;
        }
        string dataDir = options.GetValueOrDefault(
            "--data-dir", Environment.GetEnvironmentVariable("TESSERA_DATA") ?? "");
        if (dataDir.Length == 0 && (isPrior || chosen.Any(experiment => experiment.Data == Cifar10.Name)))
        {
            Console.Error.WriteLine("no folder of CIFAR-10 is given; name it with --data-dir or TESSERA_DATA");
            return 2;
        }
        string results = options.GetValueOrDefault("--out", "benchmarks/results/recipe");
        string runs = options.GetValueOrDefault("--runs", "runs/recipe");
        if (isPrior) PriorExperiments.Run(name!, options["--tokenizer"], dataDir, results, runs);
        foreach (Experiment experiment in chosen)
            new ExperimentRunner(experiment, dataDir, results, runs).Run(options.GetValueOrDefault("--row"));
        return 0;
    }
}
