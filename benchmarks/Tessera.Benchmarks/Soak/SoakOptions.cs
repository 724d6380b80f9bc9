using System.Globalization;

namespace Tessera.Benchmarks.Soak;

/// <summary>The command line of the soak tests.</summary>
internal sealed record SoakOptions
{
    /// <summary>The folder of temporary files; in memory where the system has such a place.</summary>
    public string Folder { get; private init; } = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    /// <summary>The program: its file, or its .dll for dotnet.</summary>
    public string Program { get; private init; } = "";

    /// <summary>The seed of all chance.</summary>
    public int Seed { get; private init; } = 1;

    /// <summary>Damaged files.</summary>
    public int Cases { get; private init; } = 1_000_000;

    /// <summary>The only reader; null for all.</summary>
    public string? Only { get; private init; }

    /// <summary>The only file of each reader; null for all.</summary>
    public int? Case { get; private init; }

    /// <summary>Kills of one process, of two ranks, and while packing.</summary>
    public IReadOnlyList<int> Kills { get; private init; } = [80, 60, 60];

    /// <summary>Disks that fill.</summary>
    public int Rounds { get; private init; } = 20;

    /// <summary>The file with the name of the damaged file that is being read.</summary>
    public string MarkPath => Path.Combine(Folder, "tessera-soak-current.txt");

    /// <summary>The checkout that this program was built from.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Reads the options; null if one is unknown.</summary>
    public static SoakOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new SoakOptions();
        if (arguments.Count % 2 != 0) return null;
        for (int i = 0; i < arguments.Count; i += 2)
        {
            string value = arguments[i + 1];
            SoakOptions? changed = arguments[i] switch
            {
                "--folder" => options with { Folder = Directory.CreateDirectory(value).FullName },
                "--program" => options with { Program = Path.GetFullPath(value) },
                "--seed" => options with { Seed = Number(value) },
                "--cases" => options with { Cases = Number(value) },
                "--only" => options with { Only = value },
                "--case" => options with { Case = Number(value) },
                "--kills" => options with { Kills = [.. value.Split(',').Select(Number)] },
                "--rounds" => options with { Rounds = Number(value) },
                _ => null,
            };
            if (changed is null) return null;
            options = changed;
        }
        return options;
    }

    /// <summary>Creates an empty folder.</summary>
    public string NewFolder(string name) =>
        Directory.CreateDirectory(Path.Combine(Folder, $"tessera-soak-{name}-{Environment.ProcessId}")).FullName;

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tessera.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Tessera.slnx.");
    }
}
