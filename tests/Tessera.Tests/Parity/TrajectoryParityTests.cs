using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tests.Parity;

/// <summary>
/// Compares training runs of the whole model with PyTorch's, update by update: 30 updates at a small size and 20 at the
/// reference notebook's, from the same weights on the same images, for both quantizers. The gradients of the first
/// update are also compared for the default kernels.
/// </summary>
public sealed class TrajectoryParityTests
{
    public static TheoryData<string> Files =>
    [
        "trajectory_small", "trajectory_small_ema", "trajectory_small_ema_start",
        "trajectory_full", "trajectory_full_ema",
    ];

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Files))]
    public void The_first_weights_and_images_are_those_of_the_fixture(string file)
    {
        ParityFixture fixture = ParityFixture.Load(file);
        Dictionary<string, Tensor> state =
            Trajectory.Model(fixture, Device.Default).StateNamed(fixture.Lines("parameters"));
        float[] firstNumbers = [.. fixture.Lines("parameters").Select(name => state[name].ToArray()[0])];
        ReadOnlySpan<float> image = fixture.Values("first_picture");

        Assert.Equal(fixture.Values("first_numbers"), firstNumbers);
        Assert.Equal(image, Trajectory.Images(fixture, update: 1).AsSpan(0, image.Length));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_margin_is_too_wide_for_rounding_to_change_a_code(string file)
    {
        foreach (float margin in ParityFixture.Load(file).Values("margin")) Assert.True(margin > NearTieTests.Margin);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_codes_of_every_update_agree_with_PyTorch(string file) => AssertCodes(Trajectory.Of(file));

    [Theory]
    [MemberData(nameof(Files))]
    public void The_losses_of_every_update_agree_with_PyTorch(string file) => AssertLosses(Trajectory.Of(file));

    [Theory]
    [MemberData(nameof(Files))]
    public void The_gradients_of_the_first_update_agree_with_PyTorch(string file)
    {
        foreach (Trajectory run in (Trajectory[])[Trajectory.Of(file), Trajectory.On(Device.Default, file)])
        {
            foreach ((string name, float[] gradient) in run.FirstGradients)
                AssertTensor(run, $"gradients/{name}", gradient);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_weights_after_the_last_update_agree_with_PyTorch(string file) => AssertFinal(Trajectory.Of(file));

    [Theory]
    [MemberData(nameof(Devices))]
    public void Every_device_repeats_PyTorchs_run_with_a_gradient_codebook(int? threads, string? kernels) =>
        AssertRun("trajectory_small", threads, kernels);

    [Theory]
    [MemberData(nameof(Devices))]
    public void Every_device_repeats_PyTorchs_run_with_an_EMA_codebook(int? threads, string? kernels) =>
        AssertRun("trajectory_small_ema", threads, kernels);

    private static void AssertRun(string file, int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels, Trajectory.Convolutions);
        Trajectory run = Trajectory.On(device, file);
        AssertCodes(run);
        AssertLosses(run);
        AssertFinal(run);
    }

    private static void AssertCodes(Trajectory run) => run.Fixture.AssertSameCodes("codes", run.Codes, run.Where);

    private static void AssertLosses(Trajectory run)
    {
        run.Fixture.AssertRowsClose("recon_error", run.ReconErrors, run.Where);
        run.Fixture.AssertRowsClose("vq_loss", run.VqLosses, run.Where);
        run.Fixture.AssertRowsClose("perplexity", run.Perplexities, run.Where);
    }

    private static void AssertFinal(Trajectory run)
    {
        foreach ((string name, float[] values) in run.Final) AssertTensor(run, $"final/{name}", values);
    }

    private static void AssertTensor(Trajectory run, string name, float[] values)
    {
        // The full-size fixtures hold samples only. The rows of the EMA state differ by orders of magnitude.
        if (!run.Fixture.Has(name)) run.Fixture.AssertSummaryClose(name, values, run.Where);
        else if (name.StartsWith("final/_vq_vae.", StringComparison.Ordinal) && run.Fixture.Number("decay") > 0)
            run.Fixture.AssertRowsClose(name, values, run.Where);
        else run.Fixture.AssertClose(name, values, run.Where);
    }
}
