using Tessera.Data;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;

namespace Tessera.Samples;

/// <summary>
/// A table whose rows are looked up by index and trained: the row of a class becomes the mean colour of its images.
/// </summary>
public sealed class LookUpRows : Module
{
    private readonly Tensor _table;

    public LookUpRows(int classes, Initializer initializer) =>
        _table = Parameter("table", initializer.Normal([classes, 3]), ParameterRoles.Table);

    /// <param name="labels">The class of each image, <c>[images]</c>.</param>
    /// <returns>The row of each image's class, <c>[images, 3]</c>.</returns>
    public Tensor Forward(Indices labels) => _table.GatherRows(labels);

    /// <returns>The rows of all classes, <c>[classes, 3]</c>: red, green and blue, each 0 to 255.</returns>
    public static float[] Run(ImageSet images, int updates)
    {
        int classes = images.ClassNames.Count;
        using Indices labels = Indices.From(
            [.. Enumerable.Range(0, images.Count).Select(images.Label)], [images.Count], classes);
        using Tensor colours = Tensor.From(
            [.. Enumerable.Range(0, images.Count).SelectMany(i => MeanColour(images.Pixels(i)))], [images.Count, 3]);
        using var model = new LookUpRows(classes, new Initializer(seed: 1));
        using var optimizer = new Adam(model, learningRate: 0.05f);
        using var tape = new Tape();
        for (int update = 0; update < updates; update++)
        {
            Tensor loss = model.Forward(labels.On(tape)).MeanSquaredError(colours.On(tape));
            model.ClearGradients();
            tape.Backward(loss);
            optimizer.Step();
            tape.Reset();
        }
        return [.. model._table.ToArray().Select(value => value * 255)];
    }

    private static float[] MeanColour(ReadOnlySpan<byte> pixels)
    {
        float[] sums = new float[3];
        int count = pixels.Length / 3;
        for (int i = 0; i < pixels.Length; i++) sums[i % 3] += pixels[i];
        return [.. sums.Select(sum => sum / count / 255)];
    }
}
