using System.Collections.Concurrent;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Random;
using Tessera.Tests.Quantization;

namespace Tessera.Tests.Parity;

/// <summary>
/// Runs the reference notebook's training loop with the weights and images of a fixture, to compare it with PyTorch's
/// run.
/// </summary>
internal sealed class Trajectory
{
    private const ulong ImageStream = 1000;

    /// <summary>
    /// Direct convolutions, as in PyTorch. Winograd's minimal filtering rounds about four times as coarsely: within the
    /// tolerance for one pass, but not after many updates.
    /// </summary>
    public const string Convolutions = "direct";

    private static readonly CpuDevice Direct = new(convolutions: Convolutions);
    private static readonly ConcurrentDictionary<string, Lazy<Trajectory>> OnDirectDevice = new(StringComparer.Ordinal);

    private readonly List<float> _reconErrors = [], _vqLosses = [], _perplexities = [];
    private readonly List<int> _codes = [];

    private Trajectory(ParityFixture fixture, Device device)
    {
        Fixture = fixture;
        Where = device.Description;
        VqVae model = Model(fixture, device);
        Train(model);
        Final = model.State().ToDictionary(entry => entry.Name, entry => entry.Tensor.ToArray());
    }

    /// <summary>PyTorch's results.</summary>
    public ParityFixture Fixture { get; }

    /// <summary>The device, for messages.</summary>
    public string Where { get; }

    /// <summary>Reconstruction MSE over the data variance, for each update.</summary>
    public float[] ReconErrors => [.. _reconErrors];

    /// <summary>The quantizer's loss, for each update.</summary>
    public float[] VqLosses => [.. _vqLosses];

    /// <summary>The perplexity of the batch's codes, for each update.</summary>
    public float[] Perplexities => [.. _perplexities];

    /// <summary>The codes of all updates, concatenated.</summary>
    public int[] Codes => [.. _codes];

    /// <summary>The gradients of the first update, by parameter name.</summary>
    public IReadOnlyDictionary<string, float[]> FirstGradients { get; private set; } =
        new Dictionary<string, float[]>();

    /// <summary>The model's state after the last update, by PyTorch's names.</summary>
    public IReadOnlyDictionary<string, float[]> Final { get; }

    /// <summary>The run on all threads with direct convolutions; computed once for all tests.</summary>
    public static Trajectory Of(string fixture) => OnDirectDevice.GetOrAdd(
        fixture, static name => new Lazy<Trajectory>(() => On(Direct, name))).Value;

    /// <summary>The run on a device.</summary>
    public static Trajectory On(Device device, string fixture) => new(ParityFixture.Load(fixture), device);

    /// <summary>The model at the start of the run.</summary>
    public static VqVae Model(ParityFixture fixture, Device device)
    {
        VqVae model = new(
            new VqVaeOptions
            {
                Hidden = fixture.Integer("hidden"),
                ResidualHidden = fixture.Integer("residual_hidden"),
                ResidualLayers = fixture.Integer("residual_layers"),
                Codes = fixture.Integer("codes"),
                CodeDim = fixture.Integer("dim"),
                Quantizer = (CodebookOptions)QuantizerOf.Decay(fixture.Number("decay")) with
                {
                    Commitment = (float)fixture.Number("commitment"),
                },
            },
            seed: 0, device);
        string[] names = fixture.Lines("parameters");
        Dictionary<string, Tensor> state = model.StateNamed(names);
        for (int i = 0; i < names.Length; i++)
        {
            float[] values = new float[state[names[i]].Shape.Length];
            new CounterRandom((ulong)fixture.Integer("seed"), stream: (ulong)i)
                .FillUniform(values, fixture.Values("low")[i], fixture.Values("high")[i]);
            state[names[i]].CopyFrom(values);
        }
        return model;
    }

    /// <summary>
    /// The batch of an update, counted from 1, <c>[batch, size, size, 3]</c>: a 5 x 5 lattice of random bytes per
    /// image and channel, interpolated bilinearly in integers.
    /// </summary>
    public static float[] Images(ParityFixture fixture, int update)
    {
        int batch = fixture.Integer("batch"), size = fixture.Integer("size"), cell = size / 4;
        CounterRandom random = new((ulong)fixture.Integer("seed"), ImageStream + (ulong)update);
        float[] pixels = new float[batch * size * size * 3];
        for (int n = 0; n < pixels.Length; n++)
        {
            int c = n % 3, x = n / 3 % size, y = n / 3 / size % size, b = n / 3 / size / size;
            int left = Row(x / cell), right = Row(x / cell + 1);
            int value = ((cell - x % cell) * left + x % cell * right) / (cell * cell);
            pixels[n] = value / 255f - 0.5f;

            int Row(int j) => (cell - y % cell) * Lattice(y / cell, j) + y % cell * Lattice(y / cell + 1, j);
            int Lattice(int i, int j) => (int)(random.Bits((ulong)(((b * 5 + i) * 5 + j) * 3 + c)) >> 24);
        }
        return pixels;
    }

    private void Train(VqVae model)
    {
        int updates = Fixture.Integer("updates"), size = Fixture.Integer("size");
        Shape shape = [Fixture.Integer("batch"), size, size, 3];
        float inverseVariance = (float)(1 / Fixture.Number("variance"));
        Adam adam = new(model, (float)Fixture.Number("learning_rate"));
        using Tape tape = new(model.Device);
        for (int update = 1; update <= updates; update++)
        {
            Tensor images = tape.Input(Images(Fixture, update), shape);
            VqVaeOutput output = model.Forward(images);
            Tensor reconError = output.Reconstruction.MeanSquaredError(images).Scale(inverseVariance);
            tape.Backward(reconError.Add(output.Quantized.Loss));
            if (update == 1) FirstGradients = Gradients(model);
            Record(reconError, output.Quantized);
            adam.Step();
            model.ClearGradients();
            tape.Reset();
        }
    }

    private static Dictionary<string, float[]> Gradients(VqVae model) =>
        model.Parameters().ToDictionary(entry => entry.Name, entry => entry.Tensor.Gradient!.ToArray());

    private void Record(Tensor reconError, Quantized quantized)
    {
        CodeUsage usage = new(Fixture.Integer("codes"));
        int[] codes = quantized.Codes.ToArray();
        usage.Add(codes);
        _reconErrors.Add(reconError.Item());
        _vqLosses.Add(quantized.Loss.Item());
        _perplexities.Add((float)usage.Perplexity);
        _codes.AddRange(codes);
    }
}
