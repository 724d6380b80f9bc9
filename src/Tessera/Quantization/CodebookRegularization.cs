using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>The terms that spread the use of a codebook: see <see cref="CodebookOptions"/>.</summary>
internal sealed class CodebookRegularization(CodebookOptions options)
{
    /// <summary>The sum of the terms that are on, a scalar; null if none is.</summary>
    /// <param name="u">The vectors that were looked up, <c>[..., dimensions]</c>.</param>
    /// <param name="codebook"><c>[codes, dimensions]</c>.</param>
    public Tensor? Of(Tensor u, Tensor codebook)
    {
        Tensor? entropy = options.Entropy > 0 ? Entropy(u, codebook.On(u.Tape)) : null;
        if (options.Orthogonality == 0) return entropy;
        Tensor orthogonality = Orthogonality(codebook.On(u.Tape));
        return entropy is null ? orthogonality : entropy.Add(orthogonality);
    }

    private Tensor Entropy(Tensor u, Tensor codebook)
    {
        int codes = codebook.Shape[0];
        // The square of u is the same for all codes of a vector, and the softmax does not see it.
        Tensor halves = Filled(u, [1, codebook.Shape[1]], -1 / options.Temperature);
        Tensor bias = codebook.Multiply(codebook).Linear(halves).Reshape([codes]);
        Tensor logits = u.Linear(codebook.Scale(2 / options.Temperature), bias);
        return logits.Softmax(temperature: 1)
            .RowEntropy(new EntropyWeights(options.Entropy, -options.Entropy * options.Diversity));
    }

    private Tensor Orthogonality(Tensor codebook)
    {
        int codes = codebook.Shape[0];
        Tensor directions = codebook.NormalizeRows();
        Tensor cosines = directions.Linear(directions);
        Tensor mean = cosines.MeanSquaredError(Filled(codebook, cosines.Shape, 0));
        return mean.Add(Filled(codebook, [], -1f / codes)).Scale(options.Orthogonality);
    }

    private static Tensor Filled(Tensor like, Shape shape, float value)
    {
        Tensor filled = Tape.Result(shape, like.Detach());
        filled.Fill(value);
        return filled;
    }
}
