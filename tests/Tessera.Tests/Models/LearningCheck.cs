using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;

namespace Tessera.Tests.Models;

/// <summary>Checks that a model can learn.</summary>
internal static class LearningCheck
{
    /// <summary>Asserts that every parameter gets a gradient from the loss of images.</summary>
    public static void AssertLearns(this VqVae model, Tensor images)
    {
        using var tape = new Tape();
        Tensor x = tape.Input(images.ToArray(), images.Shape);
        VqVaeOutput output = model.Forward(x);
        tape.Backward(output.Reconstruction.MeanSquaredError(x).Add(output.Quantized.Loss));
        foreach ((string name, Tensor tensor, _) in model.Parameters())
        {
            Assert.True(
                tensor.Gradient?.ToArray().Any(value => value != 0), $"{name} has no gradient: {model.Options}");
        }
    }
}
