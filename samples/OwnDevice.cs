using Tessera.Data;
using Tessera.Models;
using Tessera.Tensors.Devices;
using Tessera.Tokens;

namespace Tessera.Samples;

/// <summary>A device that counts the convolutions of another device; a model does not notice it.</summary>
/// <param name="inner">The device that does the work, which the caller disposes.</param>
public sealed class OwnDevice(Device inner) : DelegatingDevice(inner)
{
    public int Convolutions { get; private set; }

    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y)
    {
        Convolutions++;
        base.Conv2d(geometry, x, weight, epilogue, y);
    }

    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x)
    {
        Convolutions++;
        base.Conv2dTransposed(geometry, y, weight, epilogue, x);
    }

    /// <returns>The convolutions that encode and decode one image with the model's default sizes.</returns>
    public static int Run()
    {
        using Device device = Device.Create();    // or "cpu"; Device.Names has all
        using var counting = new OwnDevice(device);
        using var model = new VqVae(new VqVaeOptions(), device: counting);
        using var tokenizer = new Tokenizer(model);
        tokenizer.Reconstruct(SyntheticShapes.Image(0));
        Console.WriteLine($"{device.Description}: {counting.Convolutions} convolutions");
        return counting.Convolutions;
    }
}
