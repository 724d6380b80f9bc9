using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>The versions, and the speed of matrix products.</summary>
internal static class Description
{
    private const int Size = 512, Products = 5;

    public static string ToJson() => JsonSerializer.Serialize(new
    {
        runtime = $"{RuntimeInformation.FrameworkDescription}, TorchSharp {TorchSharpVersion()}, "
            + $"libtorch {Version.Parse(__version__).ToString(3)}",
        matmul_gflops = 2.0 * Size * Size * Size / SecondsOfProduct() / 1e9,
    });

    private static string TorchSharpVersion() => typeof(torch).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static double SecondsOfProduct()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = rand(Size, Size);
        _ = mm(a, a);
        double least = double.PositiveInfinity;
        for (int i = 0; i < Products; i++)
        {
            long start = Stopwatch.GetTimestamp();
            _ = mm(a, a);
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return least;
    }
}
