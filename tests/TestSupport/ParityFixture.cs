using System.Collections.Concurrent;
using System.Globalization;
using Tessera.Tensors;
using Tessera.Tensors.IO;

namespace Tessera.TestSupport;

/// <summary>
/// A file of <c>tests/fixtures/parity</c> (format: see its README): inputs, PyTorch's results in float64, and the error
/// of PyTorch's own float32 results, from which the tolerances follow.
/// </summary>
/// <remarks>
/// The error of an array is <c>max |actual - expected| / max |expected|</c>. A root mean square would hide a single
/// wrong element, such as a corner of a padded map, among thousands.
/// </remarks>
internal sealed class ParityFixture
{
    /// <summary>
    /// The allowed multiple of PyTorch's own float32 error. Another order of summation has errors of the same size, but
    /// the largest of many rounding errors varies: factors up to 3.3 occur with the kernels of all widths.
    /// </summary>
    public const double ErrorFactor = 6;

    /// <summary>
    /// The lower bound for PyTorch's float32 error, which may be smaller by luck or because its order of operations is
    /// exact: two roundings of 2^-24.
    /// </summary>
    public const double LeastError = 1.0 / (1 << 23);

    private const string ErrorKey = "float32_error/";

    private static readonly ConcurrentDictionary<string, ParityFixture> Files = new(StringComparer.Ordinal);

    private readonly TensorFile _file;

    // The errors of a hundred thousand elements may cancel in one sum, so the largest error of the file's sums is used.
    private readonly double _largestSumError;

    private ParityFixture(string name)
    {
        Name = name;
        _file = SafeTensors.Read(Repository.Fixture("parity", name + ".safetensors"));
        _largestSumError = _file.Metadata
            .Where(entry => entry.Key.StartsWith(ErrorKey, StringComparison.Ordinal))
            .Where(entry => entry.Key.EndsWith("/sum", StringComparison.Ordinal))
            .Select(entry => Number(entry.Key))
            .DefaultIfEmpty()
            .Max();
    }

    /// <summary>The file's name without its extension.</summary>
    public string Name { get; }

    /// <summary>Reads a file, once for all tests.</summary>
    public static ParityFixture Load(string name) => Files.GetOrAdd(name, static name => new ParityFixture(name));

    /// <summary>The lines of a metadata entry.</summary>
    public string[] Lines(string key) => _file.Metadata[key].Split('\n');

    /// <summary>A whole number in the metadata.</summary>
    public int Integer(string key) => int.Parse(_file.Metadata[key], CultureInfo.InvariantCulture);

    /// <summary>A number in the metadata.</summary>
    public double Number(string key) => double.Parse(_file.Metadata[key], CultureInfo.InvariantCulture);

    /// <summary>Whether the file has a float array of that name.</summary>
    public bool Has(string name) => _file.TryGet(name, out _);

    /// <summary>The sizes of a float array.</summary>
    public Shape ShapeOf(string name) => new(_file[name].Shape);

    /// <summary>The elements of a float array.</summary>
    public ReadOnlySpan<float> Values(string name) => _file[name].Values.Span;

    /// <summary>The elements of an integer array.</summary>
    public ReadOnlySpan<int> Integers(string name) => _file.Ints(name).Values.Span;

    /// <summary>Asserts that the array agrees with PyTorch's.</summary>
    /// <param name="name">The name of the expected array in the file.</param>
    /// <param name="actual">The values that Tessera computed.</param>
    /// <param name="where">The device, for the message.</param>
    public void AssertClose(string name, Tensor actual, string where)
    {
        Assert.True(
            ShapeOf(name).Length == actual.Shape.Length,
            $"{Name}: {name} on {where}: {actual.Shape} is computed, {ShapeOf(name)} is expected.");
        AssertClose(name, actual.ToArray(), where);
    }

    /// <inheritdoc cref="AssertClose(string, Tensor, string)"/>
    public void AssertClose(string name, ReadOnlySpan<float> actual, string where) =>
        AssertClose(name, actual, Values(name).Length, where);

    /// <summary>
    /// The same for each row separately, for rows that differ by orders of magnitude. A row is selected by an index of
    /// the first dimension, so each element of a vector is a row.
    /// </summary>
    public void AssertRowsClose(string name, ReadOnlySpan<float> actual, string where) =>
        AssertClose(name, actual, Values(name).Length / ShapeOf(name)[0], where);

    /// <summary>
    /// Asserts that a tensor agrees with PyTorch's samples, norm and sum, if the file holds only these.
    /// </summary>
    public void AssertSummaryClose(string name, ReadOnlySpan<float> actual, string where)
    {
        float[] samples = new float[Values(name + "/samples").Length];
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = actual[(int)((long)i * (actual.Length - 1) / Math.Max(samples.Length - 1, 1))];
        }
        AssertClose(name + "/samples", samples, where);

        double squares = 0, sum = 0;
        foreach (float value in actual)
        {
            squares += (double)value * value;
            sum += value;
        }
        AssertClose(name + "/norm", [(float)Math.Sqrt(squares)], where);
        // A sum may be near zero; its rounding error scales with the norm.
        double error = Math.Abs(sum - Values(name + "/sum")[0]) / Values(name + "/norm")[0];
        AssertWithin(error, ErrorFactor * Math.Max(_largestSumError, LeastError), $"{Name}: {name}/sum on {where}");
    }

    /// <summary>Asserts that every code is PyTorch's.</summary>
    public void AssertSameCodes(string name, ReadOnlySpan<int> actual, string where)
    {
        ReadOnlySpan<int> expected = Integers(name);
        Assert.True(
            expected.Length == actual.Length,
            $"{Name}: {name} on {where}: {actual.Length} codes are computed, {expected.Length} are expected.");
        int first = expected.CommonPrefixLength(actual);
        if (first < expected.Length)
            Assert.Fail($"{Name}: {name} on {where}: code {first} is {actual[first]} instead of {expected[first]}.");
    }

    /// <summary>The error that is allowed for an array.</summary>
    private double Tolerance(string name) => ErrorFactor * Math.Max(Number(ErrorKey + name), LeastError);

    private void AssertClose(string name, ReadOnlySpan<float> actual, int rowLength, string where)
    {
        ReadOnlySpan<float> expected = Values(name);
        Assert.True(
            expected.Length == actual.Length,
            $"{Name}: {name} on {where}: {actual.Length} numbers are computed, {expected.Length} are expected.");
        for (int start = 0; start < expected.Length; start += rowLength)
        {
            double error = Error(expected.Slice(start, rowLength), actual.Slice(start, rowLength), out int worst);
            worst += start;
            AssertWithin(
                error, Tolerance(name),
                $"{Name}: {name} on {where}, worst at element {worst} ({actual[worst]} instead of {expected[worst]})");
        }
    }

    /// <summary>
    /// max |actual - expected| / max |expected|, or the absolute error if all expected values are 0; NaN if any value
    /// is.
    /// </summary>
    private static double Error(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, out int worst)
    {
        double largest = 0, scale = 0;
        worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs((double)actual[i] - expected[i]);
            // Written so that NaN counts as the worst.
            if (!(error <= largest)) (largest, worst) = (error, i);
            scale = Math.Max(scale, Math.Abs(expected[i]));
        }
        return scale > 0 ? largest / scale : largest;
    }

    private static void AssertWithin(double error, double tolerance, string what) =>
        Assert.True(
            error <= tolerance,
            string.Create(
                CultureInfo.InvariantCulture, $"{what}: the error is {error:g2}, allowed is {tolerance:g2}."));
}
