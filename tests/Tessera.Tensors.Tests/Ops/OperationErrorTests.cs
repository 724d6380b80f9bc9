using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Ops;

public class OperationErrorTests
{
    private static readonly Tensor Image = Tensor.Zeros([1, 5, 7, 3]);

    [Fact]
    public void Shapes_that_differ_are_named()
    {
        Tensor x = Tensor.Zeros([2, 3]), y = Tensor.Zeros([3, 2]);
        AssertSays<ArgumentException>(() => x.Add(y), "[2, 3]", "[3, 2]");
        AssertSays<ArgumentException>(() => x.MeanSquaredError(y), "[2, 3]", "[3, 2]");
        AssertSays<ArgumentException>(() => x.MutualSquaredError(y, 1, 1), "[2, 3]", "[3, 2]");
        AssertSays<ArgumentException>(() => x.StraightThrough(y), "[2, 3]", "[3, 2]");
        AssertSays<ArgumentException>(() => x.MoveAverage(y, 0.9f), "[2, 3]", "[3, 2]");
        AssertSays<ArgumentException>(() => x.DivideRows(Tensor.Zeros([2]), y), "[2, 3]", "[3, 2]");
        AssertSays<ArgumentException>(() => x.DivideRows(Tensor.Zeros([3]), x), "[3]", "[2, 3]");
    }

    [Fact]
    public void Convolutions_name_what_does_not_fit()
    {
        Tensor weight = Tensor.Zeros([4, 3, 3, 3]);
        AssertSays<ArgumentException>(() => Tensor.Zeros([5, 7, 3]).Conv2d(weight, null, 1, 1), "[5, 7, 3]");
        AssertSays<ArgumentException>(() => Image.Conv2d(Tensor.Zeros([4, 3]), null, 1, 1), "[4, 3]");
        AssertSays<ArgumentException>(
            () => Image.Conv2d(Tensor.Zeros([4, 2, 3, 3]), null, 1, 1), "[4, 2, 3, 3]", "[1, 5, 7, 3]");
        AssertSays<ArgumentException>(() => Image.Conv2d(Tensor.Zeros([4, 3, 8, 3]), null, 1, 1), "8x3", "padding 1");
        AssertSays<ArgumentException>(() => Image.Conv2d(weight, Tensor.Zeros([3]), 1, 1), "[4]", "[3]");
        AssertSays<ArgumentOutOfRangeException>(() => Image.Conv2d(weight, null, 0, 1), "stride");
        AssertSays<ArgumentOutOfRangeException>(() => Image.Conv2d(weight, null, 1, -1), "padding");
        AssertSays<ArgumentException>(() => Image.ConvTranspose2d(weight, null, 1, 1), "[4, 3, 3, 3]", "3");
        AssertSays<ArgumentException>(
            () => Image.ConvTranspose2d(Tensor.Zeros([3, 4, 1, 1]), null, 1, 3), "padding 3", "[1, 5, 7, 3]");
    }

    [Theory]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(1, int.MaxValue)]
    [InlineData(1, int.MaxValue / 2)]
    public void Absurd_paddings_are_refused_before_anything_is_allocated(int stride, int padding)
    {
        Tensor weight = Tensor.Zeros([3, 3, 3, 3]);
        Assert.Throws<ArgumentException>(() => Image.Conv2d(weight, null, stride, padding));
        Assert.Throws<ArgumentException>(() => Image.ConvTranspose2d(weight, null, stride, padding));
        Assert.Throws<ArgumentException>(() => Image.ConvTranspose2d(weight, null, int.MaxValue, 0));
    }

    [Fact]
    public void Tables_and_indices_are_checked()
    {
        Tensor table = Tensor.Zeros([4, 3]), two = Tensor.Zeros([2, 3]);
        using Indices ofFive = Indices.From([0, 1, 0, 1], [4], limit: 5);
        using Indices ofTwo = Indices.From([0, 1, 0, 1], [2, 2], limit: 2);
        using Indices single = Indices.From([0], [1], limit: 1);
        using Indices ofRank4 = Indices.From([0], [1, 1, 1, 1], limit: 1);
        // What counts is the largest index that can occur, not the largest that does.
        AssertSays<ArgumentException>(() => table.GatherRows(ofFive), "up to 4", "rows 0 to 3");
        AssertSays<ArgumentException>(() => Image.GatherRows(single), "[1, 5, 7, 3]");
        AssertSays<ArgumentException>(() => table.GatherRows(ofRank4), "4 sizes");
        AssertSays<ArgumentException>(() => table.ScatterRows(ofFive, Tensor.Zeros([4, 3])), "up to 4", "rows 0 to 3");
        AssertSays<ArgumentException>(() => table.ScatterRows(ofTwo, two), "[2, 3]", "4 indices");
        AssertSays<ArgumentException>(() => Image.NearestRows(Tensor.Zeros([4, 2])), "[4, 2]", "3 columns");
        AssertSays<ArgumentException>(() => Image.NearestRows(Image), "[1, 5, 7, 3]", "3 columns");
        AssertSays<ArgumentException>(() => table.SumRowsByIndex(ofFive, two, Tensor.Zeros([2])), "up to 4", "0 to 1");
        AssertSays<ArgumentException>(
            () => table.SumRowsByIndex(single, two, Tensor.Zeros([2])), "1 indices", "4 rows");
        AssertSays<ArgumentException>(() => table.SumRowsByIndex(ofTwo, two, Tensor.Zeros([3])), "[3]", "[2, 3]");
        AssertSays<ArgumentException>(() => ofFive.CountInto(Tensor.Zeros([4])), "up to 4", "0 to 3");
        AssertSays<ArgumentException>(() => table.PerplexityInto(Tensor.Zeros([3])), "2 values", "[3]");
        AssertSays<ArgumentException>(() => table.SmoothSizes(1, two), "[4, 3]", "[2, 3]");
    }

    [Fact]
    public void Operations_of_sequences_name_what_does_not_fit()
    {
        Tensor x = Tensor.Zeros([2, 5, 3]), three = Tensor.Zeros([3]), four = Tensor.Zeros([4]);
        AssertSays<ArgumentException>(() => x.LayerNorm(four, three), "[4]", "[3]");
        AssertSays<ArgumentException>(() => x.LayerNorm(three, four), "[4]", "[3]");
        AssertSays<ArgumentException>(() => x.Linear(Tensor.Zeros([4, 2])), "[4, 2]", "[2, 5, 3]");
        AssertSays<ArgumentException>(() => x.Linear(three), "[3]", "[2, 5, 3]");
        AssertSays<ArgumentException>(() => x.Linear(Tensor.Zeros([4, 3]), three), "[4]", "[3]");
        AssertSays<ArgumentException>(
            () => x.Linear(Tensor.Zeros([4, 3]), four, addend: x), "[2, 5, 4]", "[2, 5, 3]");
        AssertSays<ArgumentException>(() => Tensor.Zeros([]).Linear(Tensor.Zeros([1, 1])), "[]", "[1, 1]");

        using Indices ofThree = Indices.From(new int[10], [2, 5], limit: 3);
        using Indices ofFour = Indices.From(new int[10], [2, 5], limit: 4), flat = ofThree.Reshape([10]);
        AssertSays<ArgumentException>(() => x.CrossEntropy(flat), "[10]", "[2, 5, 3]");
        AssertSays<ArgumentException>(() => x.CrossEntropy(ofFour), "up to 3");
        AssertSays<ArgumentException>(() => x.CrossEntropy(ofThree, losses: four), "[2, 5]", "[4]");

        foreach (float rate in (float[])[-0.1f, 1, 2, float.NaN])
        {
            AssertSays<ArgumentOutOfRangeException>(
                () => x.Dropout(new DropoutMask(rate, 0, 0, ofThree.Storage)), "dropout rate");
        }
    }

    [Fact]
    public void Batches_of_sequences_name_what_does_not_fit()
    {
        using var tape = new Tape();
        using Indices sequences = Indices.From(new int[15], [3, 5], limit: 7);
        using Indices numbers = Indices.From([0, 2], [2], limit: 3), ofFour = Indices.From([0, 3], [2], limit: 4);
        using Indices three = Indices.From([0, 1, 2], [3], limit: 3), square = Indices.From([0], [1, 1], limit: 1);
        AssertSays<ArgumentException>(() => tape.GatherSequences(numbers, numbers, numbers), "[2]", "sequences");
        AssertSays<ArgumentException>(() => tape.GatherSequences(sequences, numbers, three), "[2]", "[3]");
        AssertSays<ArgumentException>(() => tape.GatherSequences(sequences, square, square), "[1, 1]");
        AssertSays<ArgumentException>(() => tape.GatherSequences(sequences, ofFour, numbers), "up to 3");
        using var other = new CpuDevice(1, "reference");
        using var elsewhere = new Tape(other);
        AssertSays<ArgumentException>(() => elsewhere.GatherSequences(sequences, numbers, numbers), "device");
    }

    [Fact]
    public void Inputs_of_two_tapes_are_refused()
    {
        using var one = new Tape();
        using var two = new Tape();
        Tensor x = one.Input([1], [1]), y = two.Input([1], [1]), table = two.Input([1], [1, 1]);
        AssertSays<ArgumentException>(() => x.Add(y), "different tapes");
        AssertSays<ArgumentException>(() => x.StraightThrough(y), "different tapes");
        AssertSays<ArgumentException>(() => table.GatherRows(one.Indices([0], [1], limit: 1)), "different tapes");
        AssertSays<ArgumentException>(() => x.NearestRows(table), "different tapes");
        AssertSays<ArgumentException>(() => x.On(two), "another tape");
        AssertSays<ArgumentException>(() => x.On(null), "another tape");
    }

    [Fact]
    public void Inputs_on_two_devices_are_refused()
    {
        using var one = new CpuDevice(1, "reference");
        using var two = new CpuDevice(2, "vector128");
        using var tape = new Tape(one);
        Tensor x = Tensor.Zeros([2, 2], one), y = Tensor.Zeros([2, 2], two);
        AssertSays<ArgumentException>(() => x.Add(y), one.Description, two.Description);
        AssertSays<ArgumentException>(() => x.StraightThrough(y), "devices");
        AssertSays<ArgumentException>(() => tape.Input([1, 2, 3, 4], [2, 2]).Add(y), one.Description, two.Description);
        AssertSays<ArgumentException>(
            () => y.GatherRows(tape.Indices([0], [1], limit: 2)), one.Description, two.Description);
        AssertSays<ArgumentException>(() => x.CopyFrom(y), "devices");
    }

    private static void AssertSays<T>(Action action, params string[] parts) where T : Exception
    {
        string message = Assert.Throws<T>(action).Message;
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
