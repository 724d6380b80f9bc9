using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;

namespace Tessera.Tensors.Tests.Parity;

/// <summary>
/// Adam and AdamW against PyTorch over eight updates: ordinary, zero, huge and tiny gradients, on every device.
/// </summary>
public sealed class AdamParityTests
{
    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Adam_agrees_with_PyTorch(int? threads, string? kernels) => AssertAgrees("adam", threads, kernels);

    [Theory]
    [MemberData(nameof(Devices))]
    public void Adam_with_a_weight_decay_agrees_with_PyTorchs_AdamW(int? threads, string? kernels) =>
        AssertAgrees("adamw", threads, kernels);

    private static void AssertAgrees(string optimizer, int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        ParityFixture fixture = ParityFixture.Load(optimizer);
        (int updates, int count) = (fixture.ShapeOf("gradients")[0], fixture.ShapeOf("gradients")[1]);
        Numbers model = new(Tensor.From(fixture.Values("start"), [count], device));
        float weightDecay = fixture.Has("weight_decay") ? fixture.Values("weight_decay")[0] : 0;
        Adam adam = new(model, fixture.Values("learning_rate")[0], weightDecay);

        float[] values = new float[updates * count];
        for (int update = 0; update < updates; update++)
        {
            model.ClearGradients();
            Tensor onTape = model.Values.Add(tape.Input(new float[count], [count]));
            tape.Backward(onTape.WithGradient(fixture.Values("gradients").Slice(update * count, count)));
            adam.Step();
            model.Values.CopyTo(values.AsSpan(update * count, count));
            tape.Reset();
        }

        var moments = adam.State().ToDictionary(entry => entry.Name, entry => entry.Tensor.ToArray());
        fixture.AssertClose("values", values, device.Description);
        fixture.AssertRowsClose("first_moment", moments["values.exp_avg"], device.Description);
        fixture.AssertRowsClose("second_moment", moments["values.exp_avg_sq"], device.Description);
    }

    private sealed class Numbers : Module
    {
        public Numbers(Tensor values) => Values = Parameter("values", values, ParameterRoles.Vector);

        public Tensor Values { get; }
    }
}
