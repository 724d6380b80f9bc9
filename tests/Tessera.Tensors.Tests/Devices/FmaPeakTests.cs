using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Tests.Devices;

public class FmaPeakTests
{
    // Vectors per cycle and GHz that no processor exceeds; a loop that was optimised away would.
    private const double MostVectors = 4, MostGigahertz = 7;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_rate_is_one_that_a_processor_can_have(int threads)
    {
        double gflops = FmaPeak.Measure(threads, Moment);
        double most = threads * MostVectors * MostGigahertz * 2 * FmaPeak.VectorBits / 32;
        Assert.True(gflops > 0 && gflops < most, $"{gflops} GFLOP/s on {threads} threads; the limit is {most}");
    }

    [Fact]
    public void Threads_and_duration_must_be_positive()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FmaPeak.Measure(0, Moment));
        Assert.Throws<ArgumentOutOfRangeException>(() => FmaPeak.Measure(1, TimeSpan.Zero));
    }
}
