using System.Text;
using System.Text.Json;
using Tessera.Cli.Benchmarking;

namespace Tessera.Cli.Rendering;

/// <summary>The results of a benchmark as tables or as JSON.</summary>
internal static class ThroughputText
{
    /// <summary>Three tables: the machine, the kinds of work, the convolutions.</summary>
    public static IEnumerable<IReadOnlyList<string[]>> Tables(Throughput throughput)
    {
        PeakRate peak = throughput.Peak;
        yield return
        [
            ["device", throughput.Device],
            ["FMA peak", $"{peak.OneThread:0} GFLOP/s on one thread, {peak.AllThreads:0} on {throughput.Threads} "
                + $"({peak.VectorBits}-bit vectors, registers only)"],
            ["work", $"batches of {throughput.Batch} images, {throughput.Size}"],
        ];
        yield return
        [
            ["", "images/s", "ms (median)", "ms (minimum)", "direct GFLOP/s", "of the peak"],
            .. throughput.Rates.Select(rate => new[]
            {
                rate.Name, $"{rate.ImagesPerSecond:0}", $"{rate.Median:0.0}", $"{rate.Minimum:0.0}", $"{rate.Gflops:0}",
                $"{rate.Gflops / peak.AllThreads:0.00}",
            }),
        ];
        yield return
        [
            ["convolution", "layers", "kernel"],
            .. throughput.Convolutions.Select(
                report => new[] { report.Layer.Sizes, $"{report.Count}", report.Explanation }),
        ];
    }

    /// <summary>One JSON object.</summary>
    public static string Json(Throughput throughput)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("device", throughput.Device);
            json.WriteNumber("threads", throughput.Threads);
            json.WriteNumber("batch", throughput.Batch);
            json.WriteString("size", throughput.Size.ToString());
            WritePeak(json, throughput.Peak);
            json.WriteStartArray("work");
            foreach (WorkRate rate in throughput.Rates) WriteRate(json, rate);
            json.WriteEndArray();
            json.WriteStartArray("convolutions");
            foreach (ConvolutionReport report in throughput.Convolutions) WriteConvolution(json, report);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void WritePeak(Utf8JsonWriter json, PeakRate peak)
    {
        json.WriteStartObject("peak");
        json.WriteNumber("vector_bits", peak.VectorBits);
        json.WriteNumber("gflops_one_thread", peak.OneThread);
        json.WriteNumber("gflops", peak.AllThreads);
        json.WriteEndObject();
    }

    private static void WriteRate(Utf8JsonWriter json, WorkRate rate)
    {
        json.WriteStartObject();
        json.WriteString("name", rate.Name);
        json.WriteNumber("images_per_second", rate.ImagesPerSecond);
        json.WriteNumber("median_ms", rate.Median);
        json.WriteNumber("minimum_ms", rate.Minimum);
        json.WriteNumber("calls", rate.Milliseconds.Count);
        json.WriteNumber("direct_gflops", rate.Gflops);
        json.WriteEndObject();
    }

    private static void WriteConvolution(Utf8JsonWriter json, ConvolutionReport report)
    {
        json.WriteStartObject();
        json.WriteString("layer", report.Layer.Name);
        json.WriteString("sizes", report.Layer.Sizes);
        json.WriteNumber("layers", report.Count);
        json.WriteString("kernel", report.Explanation);
        json.WriteEndObject();
    }
}
