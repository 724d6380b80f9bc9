using System.Diagnostics;

namespace Tessera.Cli.Tests.Packaging;

/// <summary>Runs <c>dotnet</c> and programs built with it.</summary>
internal static class Dotnet
{
    /// <summary>The configuration of the test build, so that its outputs can be used without another build.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar).Contains("Release") ? "Release" : "Debug";

    /// <summary>Runs <c>dotnet</c>, which must succeed.</summary>
    /// <param name="folder">The working directory.</param>
    /// <param name="packages">The folder into which packages are unpacked; null for the user's.</param>
    /// <param name="arguments">The arguments.</param>
    /// <returns>The standard output.</returns>
    public static string Succeed(string folder, string? packages, params string[] arguments) =>
        Succeed(folder, "dotnet", start =>
        {
            if (packages is not null) start.Environment["NUGET_PACKAGES"] = packages;
            // A build process that stays alive would prevent the test from deleting its folder.
            start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
            start.Environment["DOTNET_NOLOGO"] = "1";
        }, arguments);

    /// <summary>Runs a program, which must succeed.</summary>
    /// <param name="folder">The working directory.</param>
    /// <param name="program">The program.</param>
    /// <param name="prepare">Changes the environment of the program.</param>
    /// <param name="arguments">The arguments.</param>
    /// <returns>The standard output.</returns>
    public static string Succeed(
        string folder, string program, Action<ProcessStartInfo> prepare, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        // The program must not inherit the MSBuild variables of the test runner.
        string[] inherited =
            [.. start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal))];
        foreach (string name in inherited) start.Environment.Remove(name);
        prepare(start);
        using Process process = Process.Start(start)!;
        Outcome outcome = Program.End(process);
        Assert.True(
            outcome.Code == 0,
            $"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {outcome.Code}: "
            + $"{outcome.Error}{outcome.Output}");
        return outcome.Output;
    }
}
