using Tessera.Data;

namespace Tessera.Tests.Data;

public class Cifar10RealDataTests
{
    [Fact]
    public void The_real_images_have_the_known_count_classes_and_variance()
    {
        if (Environment.GetEnvironmentVariable(DataFolders.Variable) is not { Length: > 0 } folder)
        {
            Assert.Skip($"{DataFolders.Variable} names no folder with CIFAR-10.");
            return;
        }
        ImageSet train = Cifar10.Load(folder, Split.Train), test = Cifar10.Load(folder, Split.Test);
        Assert.Equal(50_000, train.Count);
        Assert.Equal(10_000, test.Count);
        // 0.0633 for the originals, 0.0627 for a copy that went through JPEG.
        Assert.InRange(train.Variance(), 0.0622, 0.0638);
        for (int label = 0; label < Cifar10.Classes; label++)
        {
            Assert.Equal(5_000, Enumerable.Range(0, train.Count).Count(i => train.Label(i) == label));
            Assert.Equal(1_000, Enumerable.Range(0, test.Count).Count(i => test.Label(i) == label));
        }
    }
}
