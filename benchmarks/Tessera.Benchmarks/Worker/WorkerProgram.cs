using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tessera.Cli.Benchmarking;
using Tessera.Data;
using Tessera.Models;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Worker;

/// <summary>
/// Tessera's side of <c>benchmarks/compare.py</c>. <c>benchmarks/pytorch/worker.py</c> and
/// <c>benchmarks/Tessera.Benchmarks.Libtorch</c> are the others and obey the same lines.
/// </summary>
internal static class WorkerProgram
{
    /// <summary>Obeys lines until the input ends.</summary>
    /// <param name="settings">A file of images, their variance, the number of threads.</param>
    public static int Run(string[] settings)
    {
        if (settings is not [var path, var variance, var threads])
        {
            Console.Error.WriteLine("usage: worker IMAGES VARIANCE THREADS");
            return 2;
        }
        using var device = new CpuDevice(WorkerLoop.Whole(threads));
        var images = new RawImageFile(path, double.Parse(variance, CultureInfo.InvariantCulture));
        var operations = new Operations(new TesseraOperations(device, images).Make);
        return WorkerLoop.Run(operations.Find, () => Describe(device));
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
