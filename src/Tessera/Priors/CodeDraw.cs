using System.Numerics.Tensors;

namespace Tessera.Priors;

/// <summary>Draws one code from logits. One object serves one thread at a time.</summary>
/// <param name="codes">The number of codes.</param>
/// <param name="options">How codes are drawn.</param>
internal sealed class CodeDraw(int codes, SamplingOptions options)
{
    private readonly double[] _probabilities = new double[codes];
    private readonly int[] _order = new int[codes];

    /// <summary>Draws a code.</summary>
    /// <param name="logits">The logits with the class.</param>
    /// <param name="unguided">The logits without the class; empty without guidance.</param>
    /// <param name="uniform">A random number in [0, 1).</param>
    public int Draw(ReadOnlySpan<float> logits, ReadOnlySpan<float> unguided, float uniform)
    {
        double scale = 1 + (double)options.Guidance, largest = double.NegativeInfinity;
        for (int k = 0; k < codes; k++)
        {
            double logit = unguided.IsEmpty ? logits[k] : unguided[k] + scale * (logits[k] - unguided[k]);
            largest = Math.Max(largest, _probabilities[k] = logit / options.Temperature);
        }
        for (int k = 0; k < codes; k++) _probabilities[k] = Math.Exp(_probabilities[k] - largest);
        if (options.TopK > 0 && options.TopK < codes || options.TopP < 1) KeepLikely();
        return Choose(uniform * TensorPrimitives.Sum<double>(_probabilities));
    }

    /// <summary>Sets the probability of codes outside the top k and the nucleus to 0.</summary>
    private void KeepLikely()
    {
        for (int k = 0; k < codes; k++) _order[k] = k;
        // The lower of two equally likely codes comes first.
        Array.Sort(_order, (a, b) => _probabilities[b].CompareTo(_probabilities[a]) is var order and not 0
            ? order
            : a.CompareTo(b));
        int kept = options.TopK > 0 ? Math.Min(options.TopK, codes) : codes;
        double sum = 0;
        for (int i = 0; i < kept; i++) sum += _probabilities[_order[i]];
        if (options.TopP < 1)
        {
            double wanted = options.TopP * sum;
            sum = 0;
            for (int i = 0; i < kept; i++)
            {
                sum += _probabilities[_order[i]];
                if (sum >= wanted) kept = i + 1;
            }
        }
        for (int i = kept; i < codes; i++) _probabilities[_order[i]] = 0;
    }

    /// <summary>The first code at which the sum of probabilities exceeds a part of the whole.</summary>
    private int Choose(double part)
    {
        int last = 0;
        for (int k = 0; k < codes; k++)
        {
            if (_probabilities[k] == 0) continue;
            part -= _probabilities[k];
            last = k;
            if (part < 0) break;
        }
        return last;
    }
}
