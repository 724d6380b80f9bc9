using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tessera.Benchmarks.Worker;

/// <summary>
/// A worker's protocol with <c>benchmarks/compare.py</c>. It prints <c>ready</c>. A line
/// <c>CALLS OPERATION ARGUMENT...</c> calls an operation that often. The answer is JSON: the milliseconds of each call
/// and a number computed from the result, which must agree between programs. <c>describe</c> answers with the versions.
/// Between lines it computes nothing.
/// </summary>
internal static class WorkerLoop
{
    /// <summary>Obeys lines until the input ends.</summary>
    /// <param name="find">Finds an operation by its words, or throws an <see cref="ArgumentException"/>.</param>
    /// <param name="describe">Returns JSON with the versions.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Func<string[], Operation> find, Func<string> describe)
    {
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            try
            {
                Console.WriteLine(line == "describe" ? describe() : Perform(find, line.Split(' ')));
            }
            catch (Exception e) when (e is ArgumentException or FormatException)
            {
                Console.Error.WriteLine($"cannot perform \"{line}\": {e.Message}");
                return 2;
            }
        }
        return 0;
    }

    /// <summary>A whole number of a line.</summary>
    public static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Perform(Func<string[], Operation> find, string[] words)
    {
        double[] milliseconds = new double[Whole(words[0])];
        Operation operation = find(words[1..]);
        for (int call = 0; call < milliseconds.Length; call++)
        {
            operation.Prepare();
            long start = Stopwatch.GetTimestamp();
            operation.Run();
            milliseconds[call] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        return JsonSerializer.Serialize(new { milliseconds, check = operation.Check() });
    }
}
