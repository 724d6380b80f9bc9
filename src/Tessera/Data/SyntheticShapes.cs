using Tessera.Data.Scenes;
using Tessera.Imaging;
using Tessera.Tensors.Random;

namespace Tessera.Data;

/// <summary>
/// A synthetic data set: lit and shaded solids of ten classes in front of patterned floors and walls. Image <c>i</c>
/// depends only on <c>i</c> and has the same bytes on every machine; its class is <c>i % 10</c>.
/// </summary>
/// <example><code>
/// ImageSet train = SyntheticShapes.Load(Split.Train);
/// Image cube = SyntheticShapes.Image(1);   // 32 x 32 x 3
/// </code></example>
public static class SyntheticShapes
{
    /// <summary>The name of this data set in options.</summary>
    public const string Name = "shapes";

    /// <summary>The number of the first image of the test split.</summary>
    public const long FirstTestNumber = 1L << 40;

    private const int SmallestSize = 4, LargestSize = 1024, UsualSize = 32;
    private const ulong Seed = 0x7e55e7a;

    private static readonly (string Name, Func<Draws, int, byte[]> Render)[] Classes =
    [
        ("sphere", Renderer<Sphere>.Render),
        ("cube", Renderer<Cube>.Render),
        ("cylinder", Renderer<Cylinder>.Render),
        ("cone", Renderer<Cone>.Render),
        ("torus", Renderer<Torus>.Render),
        ("pyramid", Renderer<Pyramid>.Render),
        ("octahedron", Renderer<Octahedron>.Render),
        ("capsule", Renderer<Capsule>.Render),
        ("cross", Renderer<Cross>.Render),
        ("dome", Renderer<Dome>.Render),
    ];

    /// <summary>The names of the ten classes: sphere, cube, cylinder and so on.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = [.. Classes.Select(shape => shape.Name)];

    /// <summary>Renders one image, <c>[size, size, 3]</c>. The scene is the same at every size.</summary>
    /// <param name="number">Number of the image, at least 0. Its class is <c>number % 10</c>.</param>
    /// <param name="size">Width and height in pixels: a multiple of 4 from 4 to 1024.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is negative.</exception>
    /// <exception cref="InputException"><paramref name="size"/> is not a size that can be made.</exception>
    public static Image Image(long number, int size = UsualSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        CheckSize(size);
        return new Image(size, size, 3, Render(number, size));
    }

    /// <summary>
    /// Renders a split on all cores. Training images are numbered from 0, test images from
    /// <see cref="FirstTestNumber"/>; <see cref="Split.All"/> is the training images, then the test images.
    /// </summary>
    /// <param name="split">The split to render.</param>
    /// <param name="size">
    /// Height and width: multiples of 4 from 4 to 1024; null for 32x32. If they differ, the centre of the square
    /// image is cropped.
    /// </param>
    /// <param name="trainCount">Number of training images, at least 1.</param>
    /// <param name="testCount">Number of test images, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is not positive.</exception>
    /// <exception cref="InputException"><paramref name="size"/> is not a size that can be made.</exception>
    public static ImageSet Load(
        Split split, ImageSize? size = null, int trainCount = 20_000, int testCount = 2_000) =>
        Open(split, size, trainCount, testCount).Load();

    /// <summary>Opens a split whose images are rendered on demand.</summary>
    /// <inheritdoc cref="Load"/>
    public static ImageSource Open(
        Split split, ImageSize? size = null, int trainCount = 20_000, int testCount = 2_000)
    {
        ImageSize made = size is { IsNative: false } given ? given : UsualSize;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(trainCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(testCount);
        CheckSize(made.Height);
        CheckSize(made.Width);
        int fromTrain = split == Split.Test ? 0 : trainCount, fromTest = split == Split.Train ? 0 : testCount;
        int[] labels = new int[checked(fromTrain + fromTest)];
        for (int i = 0; i < labels.Length; i++) labels[i] = ClassOf(NumberOf(i));
        return new ImageSource(
            SplitNames.NameOf(Name, split), made, 3, labels, ClassNames, i => Render(NumberOf(i), made));

        long NumberOf(int i) => i < fromTrain ? i : FirstTestNumber + (i - fromTrain);
    }

    private static byte[] Render(long number, int size) =>
        Classes[ClassOf(number)].Render(new Draws(new CounterRandom(Seed, (ulong)number)), size);

    private static byte[] Render(long number, ImageSize size)
    {
        int side = Math.Max(size.Height, size.Width);
        return ImageTransform.CropCentre(
            new Image(side, side, 3, Render(number, side)), size.Width, size.Height).Pixels;
    }

    private static int ClassOf(long number) => (int)(number % Classes.Length);

    private static void CheckSize(int size)
    {
        if (size is < SmallestSize or > LargestSize || size % 4 != 0)
            throw new InputException(
                $"shapes cannot be {size} pixels wide or high; give a multiple of 4 "
                + $"from {SmallestSize} to {LargestSize}");
    }
}
