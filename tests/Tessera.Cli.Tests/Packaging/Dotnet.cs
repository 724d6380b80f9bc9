using System.Diagnostics;

namespace Tessera.Cli.Tests.Packaging;

/// <summary>The SDK's own program, and programs made with it.</summary>
internal static class Dotnet
{
    /// <summary>The configuration that the tests were built in: what was built beside them need not be built again.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar).Contains("Release") ? "Release" : "Debug";

    /// <summary>Runs <c>dotnet</c> to its end, which must be a success.</summary>
    /// <param name="folder">Where to run it.</param>
    /// <param name="packages">The folder that packages are unpacked into; null for the user's.</param>
    /// <param name="arguments">The command line.</param>
    /// <returns>What it printed.</returns>
    public static string Succeed(string folder, string? packages, params string[] arguments) =>
        Succeed(folder, "dotnet", start =>
        {
            if (packages is not null) start.Environment["NUGET_PACKAGES"] = packages;
            // A process that outlives its command would keep the test from deleting its folder.
            start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
            start.Environment["DOTNET_NOLOGO"] = "1";
        }, arguments);

    /// <summary>Runs a program to its end, which must be a success.</summary>
    /// <param name="folder">Where to run it.</param>
    /// <param name="program">The program.</param>
    /// <param name="prepare">Changes its environment.</param>
    /// <param name="arguments">The command line.</param>
    /// <returns>What it printed.</returns>
    public static string Succeed(string folder, string program, Action<ProcessStartInfo> prepare, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        // What the test runner was started with is not for what it starts.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        prepare(start);
        using Process process = Process.Start(start)!;
        Outcome outcome = Program.End(process);
        Assert.True(
            outcome.Code == 0,
            $"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {outcome.Code}: {outcome.Error}{outcome.Output}");
        return outcome.Output;
    }
}
