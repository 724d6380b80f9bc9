using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tessera.Data;
using Tessera.Models;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Worker;

/// <summary>
/// Tessera's side of <c>benchmarks/compare.py</c>; <c>benchmarks/pytorch/worker.py</c> is the other and obeys the same lines.
/// Prints <c>ready</c>. A line <c>CALLS OPERATION ARGUMENT...</c> performs an operation so often and answers, as JSON, what each
/// call took in milliseconds and a number that follows from the result, so that two programs can be seen to do the
/// same; <c>describe</c> answers what computes here. Between lines it waits and computes nothing.
/// </summary>
internal static class WorkerProgram
{
    /// <summary>Obeys lines until there are no more.</summary>
    /// <param name="settings">A file of pictures, their variance, the number of threads.</param>
    public static int Run(string[] settings)
    {
        if (settings is not [var path, var variance, var threads])
        {
            Console.Error.WriteLine("usage: worker PICTURES VARIANCE THREADS");
            return 2;
        }
        using var device = new CpuDevice(Whole(threads));
        var pictures = new PictureFile(path, double.Parse(variance, CultureInfo.InvariantCulture));
        var operations = new Operations(device, pictures);
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            try
            {
                Console.WriteLine(line == "describe" ? Describe(device) : Perform(operations, line.Split(' ')));
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

    private static string Perform(Operations operations, string[] words)
    {
        double[] milliseconds = new double[Whole(words[0])];
        Operation operation = operations.Find(words[1..]);
        for (int call = 0; call < milliseconds.Length; call++)
        {
            operation.Prepare();
            long start = Stopwatch.GetTimestamp();
            operation.Run();
            milliseconds[call] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        return JsonSerializer.Serialize(new { milliseconds, check = operation.Check() });
    }

    private static string Describe(CpuDevice device) => JsonSerializer.Serialize(new
    {
        device = device.Description,
        vector_bits = FmaPeak.VectorBits,
        training_operations_per_picture = new ModelCost(
            new VqVaeOptions(), batch: 1, Cifar10.Size, Cifar10.Size).TrainingOperations,
        runtime = RuntimeInformation.FrameworkDescription,
    });
}
