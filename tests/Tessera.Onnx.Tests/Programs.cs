using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Tessera.Onnx.Tests;

/// <summary>What ONNX's own tools say of a model, where the machine has them: elsewhere the test is skipped.</summary>
internal static class Programs
{
    private static readonly string Folder = Repository.PathOf("tests", "Tessera.Onnx.Tests");

    /// <summary>The lines that check_model.py prints.</summary>
    public static string[] Check(params string[] arguments)
    {
        // Debian's, whatever other Python comes first in PATH.
        string python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        if (Run(python, "-c", "import onnx").Code != 0) Assert.Skip("There is no Python with onnx (Debian: apt install python3-onnx).");
        return Succeed(python, [Path.Combine(Folder, "check_model.py"), .. arguments]);
    }

    /// <summary>Runs a model of one input in ONNX Runtime.</summary>
    public static Dictionary<string, Value> RunModel<T>(string model, T[] input, params int[] sizes) where T : unmanaged
    {
        if (!Directory.Exists(Path.Combine(Folder, "runtime", "node_modules", "onnxruntime-node")))
            Assert.Skip("There is no ONNX Runtime (cd tests/Tessera.Onnx.Tests/runtime; npm install --ignore-scripts --no-package-lock).");
        using var folder = new TemporaryFolder();
        string type = typeof(T) == typeof(float) ? "float32" : "int64";
        string elements = folder.Write("input", MemoryMarshal.AsBytes<T>(input).ToArray());
        string[] lines = Succeed("node", [Path.Combine(Folder, "runtime", "run.js"), model, elements, type, string.Join(',', sizes), folder.Path]);
        return lines.Select(line => line.Split(' ')).ToDictionary(
            parts => parts[0],
            parts => new Value(
                parts[1], [.. parts[2].Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))],
                File.ReadAllBytes(folder[parts[0]])));
    }

    private static string[] Succeed(string program, string[] arguments)
    {
        (int code, string output, string error) = Run(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {error}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static (int Code, string Output, string Error) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"There is no {program} on this machine.");
            throw;
        }
    }
}

/// <summary>An output of a model.</summary>
/// <param name="Type">The type of its elements, as ONNX Runtime calls it.</param>
/// <param name="Sizes">Its sizes.</param>
/// <param name="Bytes">Its elements.</param>
internal sealed record Value(string Type, int[] Sizes, byte[] Bytes)
{
    /// <summary>The elements.</summary>
    public ReadOnlySpan<T> As<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);
}
