using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Cuda;

/// <summary>
/// Whether a device computes what the processor does, found by a little work before it is used: products on tiles of
/// each shape, a convolution with its gradients, nearest rows, and an update that is recorded and replayed. Nobody has
/// tried every card with every driver.
/// </summary>
/// <remarks>Cost: about 0.2 GFLOP, and the compilation of its kernels, most of which are used soon after.</remarks>
/// <param name="device">The device.</param>
/// <param name="products">How it multiplies.</param>
/// <param name="manyTiles">From so many tiles on it takes the wide ones.</param>
internal sealed class SelfCheck(Device device, ProductKind products, int manyTiles)
{
    // Wrong kernels are off by far more than roundings, and a right one must never be refused.
    private const int Margin = 4;

    // A row more than whole tiles of 128, so that their edges are crossed.
    private const int TileRows = 128, Inputs = 12;

    private const int Side = 5, Updates = 3;

    /// <summary>What the device does wrong, in one line; null if nothing.</summary>
    public string? FindFault()
    {
        try
        {
            return Faults().FirstOrDefault(fault => fault is not null);
        }
        // Whatever it is: a device that fails at this cannot be used.
        catch (Exception e)
        {
            return $"its kernels fail: {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    private IEnumerable<string?> Faults()
    {
        // The widths for which there are tiles.
        foreach (int columns in (int[])[20, 36, 68])
            yield return Compare(
                $"products of {columns} columns", Error(Inputs),
                on => [Product(on, TileRows * manyTiles + 1, columns)]);
        // A gradient is a product of a product's result; its sums have a term for each pixel.
        double allowed = 2 * Error(Side * Side);
        yield return Compare("convolutions", allowed, Convolution);
        yield return Compare("nearest rows", 0, on => [NearestRows(on)]);
        // Updates lead to the same minimum: their errors together do not exceed the largest of them.
        float[] trained = Train(device, submits: true);
        yield return Compare("updates", allowed, on => [on == device ? trained : Train(on, submits: true)]);
        if (!trained.AsSpan().SequenceEqual(Train(device, submits: false)))
            yield return "a recorded update differs from one that is not recorded";
    }

    /// <summary>
    /// The largest relative root mean square error of sums of so many products of independent numbers: the roundings of
    /// the terms do not know each other, so they are to the sum as they are to a term.
    /// </summary>
    private double Error(int terms) => Margin * products.Error(terms);

    private string? Compare(string what, double allowed, Func<Device, float[][]> compute)
    {
        double error = compute(Device.Default).Zip(compute(device), RelativeError).Max();
        return error <= allowed ? null : FormattableString.Invariant(
            $"its {what} are off by {error:0.0E+0} from the processor's; {allowed:0.0E+0} is allowed");
    }

    private static double RelativeError(float[] expected, float[] actual)
    {
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)actual[i] - expected[i], 2);
            norm += Math.Pow(expected[i], 2);
        }
        double error = Math.Sqrt(difference / norm);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    private static float[] Product(Device on, int rows, int columns)
    {
        using Tensor x = Tensor.From(Normal(rows * Inputs, 1), [rows, Inputs], on);
        using Tensor weight = Tensor.From(Normal(columns * Inputs, 2), [columns, Inputs], on);
        using Tensor y = x.Linear(weight);
        return y.ToArray();
    }

    private static float[][] Convolution(Device on)
    {
        using var layer = new Conv2d(4, 8, kernel: 3, new Initializer(1, on), padding: 1);
        using var tape = new Tape(on);
        Tensor x = tape.Variable(Normal(Side * Side * 4, 3), [1, Side, Side, 4]);
        Tensor y = layer.Forward(x);
        tape.Backward(y.MeanSquaredError(tape.Input(Normal(Side * Side * 8, 4), y.Shape)));
        return [y.ToArray(), x.Gradient!.ToArray(), layer.Weight.Gradient!.ToArray()];
    }

    // Each row lies close to one of the table, so that none is a near tie.
    private static float[] NearestRows(Device on)
    {
        const int Rows = 70, Columns = 20;
        float[] table = Normal(Rows * Columns, 5), noise = Normal(Rows * Columns, 6);
        float[] rows = [.. noise.Select((off, i) => table[(i + Columns) % table.Length] + 0.1f * off)];
        using Tensor x = Tensor.From(rows, [Rows, Columns], on), codes = Tensor.From(table, [Rows, Columns], on);
        using Indices nearest = x.NearestRows(codes);
        return [.. nearest.ToArray().Select(code => (float)code)];
    }

    /// <summary>
    /// The weights after some updates, each with a rate of its own: the first is run, the second recorded, the others
    /// replayed.
    /// </summary>
    private static float[] Train(Device on, bool submits)
    {
        using var layer = new Conv2d(4, 8, kernel: 3, new Initializer(1, on), padding: 1, bias: false);
        using Tensor x = Tensor.From(Normal(Side * Side * 4, 3), [1, Side, Side, 4], on);
        using Tensor target = Tensor.From(Normal(Side * Side * 8, 4), [1, Side, Side, 8], on);
        using var block = new UpdateBlock(on);
        using var tape = new Tape(on);
        Number rate = block.ReserveNumber();
        Action work = () =>
        {
            tape.Reset();
            layer.ClearGradients();
            // On the tape without a copy.
            Tensor y = layer.Forward(x.Alias(x.Shape, tape, requiresGradient: false));
            tape.Backward(y.MeanSquaredError(target));
            on.MoveAverage(layer.Weight.Storage, layer.Weight.Gradient!.Storage, keep: 1, add: rate);
        };
        for (int update = 0; update < Updates; update++)
        {
            block.Set(rate, -1f / (1 + update));
            block.Upload();
            if (submits) on.Submit(work);
            else work();
        }
        on.Forget(work);
        return layer.Weight.ToArray();
    }

    private static float[] Normal(int length, ulong stream)
    {
        float[] values = new float[length];
        new CounterRandom(1, stream).FillNormal(values);
        return values;
    }
}
