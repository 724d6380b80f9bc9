using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Tests.Devices;

public class FmaPeakTests
{
    // Vectors a cycle and GHz that no processor exceeds: a loop that was optimised away would.
    private const double MostVectors = 4, MostGigahertz = 7;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_rate_is_one_that_a_processor_can_have(int threads)
    {
        double gflops = FmaPeak.Measure(threads, Moment);
        double most = threads * MostVectors * MostGigahertz * 2 * FmaPeak.VectorBits / 32;
        Assert.True(gflops > 0 && gflops < most, $"{gflops} GFLOP/s on {threads} threads; none can exceed {most}");
    }

    [Fact]
    public void Something_must_work_for_some_time()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FmaPeak.Measure(0, Moment));
        Assert.Throws<ArgumentOutOfRangeException>(() => FmaPeak.Measure(1, TimeSpan.Zero));
    }
}
