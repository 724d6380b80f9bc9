using System.Diagnostics;

namespace Tessera.TestSupport;

/// <summary>Runs Debian's Python, if the machine has it with the modules that a test needs.</summary>
internal static class Python
{
    private const string Interpreter = "/usr/bin/python3";

    /// <summary>Runs a program, which must succeed; skips the test if a module is missing.</summary>
    /// <param name="modules">The modules of the program, such as <c>numpy</c> or <c>torch, numpy</c>.</param>
    /// <param name="arguments">The arguments of the interpreter.</param>
    /// <returns>The program's output.</returns>
    public static string Run(string modules, params string[] arguments)
    {
        if (!File.Exists(Interpreter) || Start(["-c", $"import {modules}"]).Code != 0)
            Assert.Skip($"There is no {Interpreter} with {modules} on this machine.");
        (int code, string output, string error) = Start(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)} ended with {code}: {error}{output}");
        return output.ReplaceLineEndings("\n");
    }

    private static (int Code, string Output, string Error) Start(string[] arguments)
    {
        var start = new ProcessStartInfo(Interpreter, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
