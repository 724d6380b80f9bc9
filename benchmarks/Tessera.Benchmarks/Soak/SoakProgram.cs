namespace Tessera.Benchmarks.Soak;

/// <summary>The soak tests, which take too long for every change: docs/scale.md.</summary>
internal static class SoakProgram
{
    public static int Run(string[] arguments)
    {
        if (arguments is [var what, .. var rest] && SoakOptions.Parse(rest) is { } options)
        {
            switch (what)
            {
                case "kills" when options.Program.Length > 0 && options.Kills.Count == 3:
                    return KillSoakProgram.Run(options);
                case "disk" when options.Program.Length > 0:
                    return DiskSoakProgram.Run(options);
                case "files":
                    return ReaderSoakProgram.Run(options);
            }
        }
        Console.Error.WriteLine("""
            usage: Tessera.Benchmarks soak kills --program FILE [--kills ONE,RANKS,PACKING] [--seed N] [--folder DIR]
                   Tessera.Benchmarks soak disk --program FILE [--rounds N] [--seed N] [--folder DIR]
                   Tessera.Benchmarks soak files [--cases N] [--only READER] [--case N] [--seed N] [--folder DIR]
            """);
        return 2;
    }
}
