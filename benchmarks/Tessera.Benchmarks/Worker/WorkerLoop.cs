using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tessera.Benchmarks.Worker;

/// <summary>
/// How a worker talks to <c>benchmarks/compare.py</c>. It prints <c>ready</c>. A line
/// <c>CALLS OPERATION ARGUMENT...</c> performs an operation that often and answers, as JSON, the milliseconds of each
/// call and a number that follows from the result, so that two programs can be seen to do the same; <c>describe</c>
/// answers what computes here. Between lines it waits and computes nothing.
/// </summary>
internal static class WorkerLoop
{
    /// <summary>Obeys lines until there are no more.</summary>
    /// <param name="find">The operation that some words name, or an <see cref="ArgumentException"/>.</param>
    /// <param name="describe">JSON that says what computes here.</param>
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
