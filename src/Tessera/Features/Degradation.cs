using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Features;

/// <summary>
/// Makes a third of a batch blurred and a third grainy, by the images' places in it. A classifier that also tells these
/// kinds apart has features that see blur and grain. One that only names classes learns to overlook them, and so would
/// a perceptual term on its features.
/// </summary>
internal static class Degradation
{
    /// <summary>Sharp, blurred (the mean of 3x3 pixels), grainy.</summary>
    public const int Kinds = 3;

    /// <summary>The part of a grainy image's numbers that is halved; the others become an eighth larger.</summary>
    public const float Grain = 0.2f;

    /// <summary>The kind of the image at a place of a batch: 0 sharp, 1 blurred, 2 grainy.</summary>
    public static int KindOf(int place, int batch) => place * Kinds / batch;

    /// <summary>Degrades the images.</summary>
    /// <param name="images"><c>[batch, height, width, channels]</c>.</param>
    /// <param name="grain">Chooses the numbers that are halved, the first grainy image's of the batch first.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Of(Tensor images, DropoutMask grain)
    {
        int count = images.Shape[0], place = images.Tape?.Share?.First ?? 0;
        int batch = images.Tape?.Share?.Whole ?? count;
        int first = FirstOf(1, batch), second = FirstOf(2, batch);
        var parts = new List<Tensor>();
        // A part of a batch need not have all kinds.
        if (Clamp(0) < Clamp(first)) parts.Add(Part(images, 0, Clamp(first)));
        if (Clamp(first) < Clamp(second))
            parts.Add(Part(images, Clamp(first), Clamp(second)).AveragePool(kernel: 3, stride: 1, padding: 1));
        if (Clamp(second) < count)
        {
            Tensor grainy = Part(images, Clamp(second), count);
            long before = Math.Max(place - second, 0) * (long)(images.Shape.Length / count);
            parts.Add(grainy.Scale(0.5f).Add(grainy.Dropout(grain with { First = before }).Scale(0.5f)));
        }
        return Joined(images.Shape, parts);

        int Clamp(int inBatch) => Math.Clamp(inBatch - place, 0, count);
    }

    /// <summary>The first place of a kind.</summary>
    private static int FirstOf(int kind, int batch) => (kind * batch + Kinds - 1) / Kinds;

    private static Tensor Part(Tensor images, int from, int to)
    {
        int size = images.Shape.Length / images.Shape[0];
        return images.Reshape([1, images.Shape.Length]).Columns(from * size, (to - from) * size)
            .Reshape([to - from, images.Shape[1], images.Shape[2], images.Shape[3]]);
    }

    private static Tensor Joined(Shape shape, IEnumerable<Tensor> parts) =>
        TensorOperations.JoinColumns([.. parts.Select(part => part.Reshape([1, part.Shape.Length]))]).Reshape(shape);
}
