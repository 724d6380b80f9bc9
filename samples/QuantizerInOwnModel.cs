using Tessera.Data;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;

namespace Tessera.Samples;

/// <summary>
/// A custom model around a quantizer: a linear map and the codebook turn each patch of 8 x 8 pixels into one of
/// 64 codes, another linear map turns a code into a patch. After 300 updates the mean squared error should be about
/// 0.017, a third of that of a constant grey.
/// </summary>
public sealed class QuantizerInOwnModel : Module
{
    private const int Codes = 64, Dimensions = 16, Patch = 8;

    private readonly Conv2d _encoder;
    private readonly Quantizer _quantizer;
    private readonly ConvTranspose2d _decoder;

    public QuantizerInOwnModel(Initializer initializer)
    {
        _encoder = Child("encoder", new Conv2d(3, Dimensions, Patch, initializer, stride: Patch));
        _quantizer = Child("quantizer", new EmaVectorQuantizerOptions().Create(Codes, Dimensions, initializer));
        _decoder = Child("decoder", new ConvTranspose2d(Dimensions, 3, Patch, initializer, stride: Patch));
    }

    /// <summary>The reconstruction error, and the loss: the error plus the quantizer's loss.</summary>
    public (Tensor Error, Tensor Loss) Forward(Tensor images)
    {
        Quantized quantized = _quantizer.Quantize(_encoder.Forward(images), training: true);
        Tensor error = _decoder.Forward(quantized.Vectors).MeanSquaredError(images);
        return (error, error.Add(quantized.Loss));
    }

    public static float Run(ImageSet images, int updates)
    {
        const int Batch = 32;
        using var batches = new ImageBatches(images, Batch, seed: 1);
        using var tape = new Tape();
        using var model = new QuantizerInOwnModel(new Initializer(seed: 1));
        // The codebook starts from encoder outputs, so that every code is used.
        Tensor vectors = model._encoder.Forward(batches.Load(tape, update: 0));
        int count = vectors.Shape.Rows;
        model._quantizer.Start(vectors.Reshape([count, Dimensions]).Rows(0, Codes), (double)count / Codes);
        tape.Reset();

        using var optimizer = new Adam(model, learningRate: 3e-3f);
        float mse = 0;
        for (int update = 0; update < updates; update++)
        {
            (Tensor error, Tensor loss) = model.Forward(batches.Load(tape, update));
            model.ClearGradients();
            tape.Backward(loss);
            optimizer.Step();
            mse = error.Item();
            if (update % 100 == 0 || update == updates - 1) Console.WriteLine($"{update}: mse {mse:0.0000}");
            tape.Reset();    // frees the tape's tensors; the next update uses their memory again
        }
        return mse;
    }
}
