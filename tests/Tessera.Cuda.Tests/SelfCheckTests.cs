using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class SelfCheckTests
{
    [Fact]
    public void The_kernels_pass()
    {
        using CudaDevice device = Simulation.Tensor(ProductKind.Tf32, warps: 1);
        Assert.Same(device, CudaDevice.Checked(device, 0));
        Assert.Equal(0, device.Graphs);
    }

    [Fact]
    public void What_is_wrong_is_named()
    {
        AssertFault(null, new Wrong());
        AssertFault("its products of 20 columns are off by 1.0E-2 from", new Wrong { Products = 1.01f });
        AssertFault("its products of 20 columns are off by Infinity from", new Wrong { Products = float.NaN });
        AssertFault("its convolutions are off by", new Wrong { InputGradients = 1.01f });
        AssertFault("its nearest rows are off by", new Wrong { IsFarther = true });
        AssertFault("its updates are off by", new Wrong { LosesWork = true });
        AssertFault("a recorded update differs", new Wrong { RoundsWork = true });
    }

    [Fact]
    public void A_failure_is_a_fault_in_one_line()
    {
        using var device = new Wrong { Failure = "misaligned\naddress" };
        Assert.Equal("its kernels fail: misaligned address", FaultOf(device));
    }

    [Fact]
    public void A_device_that_fails_is_disposed_and_refused()
    {
        // Its error is that of bfloat16.
        CudaDevice device = Simulation.Tensor(ProductKind.Bfloat16, warps: 1);
        Assert.NotNull(new SelfCheck(device, ProductKind.Fma, manyTiles: 1).FindFault());
        device.Dispose();
        // Nothing can be computed any more.
        var error = Assert.Throws<ArgumentException>(() => CudaDevice.Checked(device, 3));
        Assert.StartsWith("GPU number 3 cannot be used: its kernels fail: ", error.Message, StringComparison.Ordinal);
    }

    private static void AssertFault(string? expected, Wrong device)
    {
        string? fault = FaultOf(device);
        device.Dispose();
        if (expected is null) Assert.Null(fault);
        else Assert.StartsWith(expected, fault, StringComparison.Ordinal);
    }

    private static string? FaultOf(Device device) =>
        new SelfCheck(device, ProductKind.Tf32, manyTiles: 1).FindFault();

    /// <summary>A device with a fault of one's choice.</summary>
    private sealed class Wrong() : DelegatingDevice(Simulation.Reference)
    {
        private int _submitted;

        public float Products { get; init; } = 1;

        public float InputGradients { get; init; } = 1;

        public bool IsFarther { get; init; }

        /// <summary>Each third submission does nothing.</summary>
        public bool LosesWork { get; init; }

        /// <summary>Submissions are off by less than is allowed.</summary>
        public bool RoundsWork { get; init; }

        public string? Failure { get; init; }

        private bool IsSubmitted { get; set; }

        public override void Conv2d(
            in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue,
            Storage<float> y)
        {
            if (Failure is not null) throw new InvalidOperationException(Failure);
            base.Conv2d(geometry, x, weight, epilogue, y);
            if (Products != 1) Scale(y, Products, y, accumulate: false);
            if (IsSubmitted) Scale(y, 1 + 1e-6f, y, accumulate: false);
        }

        public override void Conv2dTransposed(
            in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue,
            Storage<float> x)
        {
            base.Conv2dTransposed(geometry, y, weight, epilogue, x);
            if (InputGradients != 1) Scale(x, InputGradients, x, accumulate: false);
        }

        public override void NearestRows(
            Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest)
        {
            base.NearestRows(x, table, tableRows, columns, nearest);
            if (IsFarther) Upload<int>([0], nearest);
        }

        public override void Submit(Action work, object? owner = null)
        {
            _submitted++;
            if (LosesWork && _submitted % 3 == 0) return;
            IsSubmitted = RoundsWork;
            base.Submit(work, owner);
            IsSubmitted = false;
        }
    }
}
