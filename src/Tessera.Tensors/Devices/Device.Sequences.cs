namespace Tessera.Tensors.Devices;

// The primitives of models of sequences (transformers). Their products are convolutions of 1 x 1 pixels.
public abstract partial class Device
{
    /// <summary>The factor of x^3 in <see cref="Gelu"/>.</summary>
    public const double GeluCubic = 0.044715;

    /// <summary>
    /// What <see cref="LayerNorm"/> adds to the variance of a row, so that equal numbers stay finite.
    /// </summary>
    public const double LayerNormEpsilon = 1e-5;

    /// <summary>
    /// Gaussian error linear unit in the tanh form (Hendrycks and Gimpel 2016):
    /// <c>y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))</c>; y may be x.
    /// </summary>
    public abstract void Gelu(Storage<float> x, Storage<float> y);

    /// <summary>The gradient of <see cref="Gelu"/> from its input x; gradX may be gradY.</summary>
    public abstract void GeluGradient(
        Storage<float> x, Storage<float> gradY, Storage<float> gradX, bool accumulate);

    /// <summary>
    /// Layer normalisation (Ba et al. 2016) of each row of x <c>[rows, columns]</c>: with m its mean and v its variance
    /// (over n), <c>y = (x - m) / sqrt(v + 1e-5) * gain + bias</c>. Row i of the statistics <c>[rows, 2]</c> receives m
    /// and <c>1 / sqrt(v + 1e-5)</c>.
    /// </summary>
    public abstract void LayerNorm(
        Storage<float> x, Storage<float> gain, Storage<float> bias, int columns, Storage<float> y,
        Storage<float> statistics);

    /// <summary>
    /// The gradients of <see cref="LayerNorm"/>: with <c>h = (x - m) r</c>, r the second statistic and
    /// <c>d = gradY * gain</c>, <c>gradX = r (d - mean of d - h * mean of (d h))</c> (means over the row); the sums
    /// over all rows <c>gradGain = sum of gradY h</c> and <c>gradBias = sum of gradY</c>.
    /// </summary>
    public abstract void LayerNormGradient(
        Storage<float> x, Storage<float> gain, Storage<float> statistics, Storage<float> gradY, int columns,
        Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain, Storage<float> gradBias,
        bool accumulateBias);

    /// <summary>
    /// Scaled dot-product attention (Vaswani et al. 2017, equation 1) in each head: with the scores
    /// <c>s[i,j] = q[i] . k[j] * Scale</c> over the keys j of query i, <c>p = softmax(s)</c> and
    /// <c>y[i] = sum over j of p[i,j] v[j]</c>. A result does not depend on <c>First</c> and <c>Count</c>, nor on the
    /// other sequences: its bits are the same when the queries come one at a time.
    /// </summary>
    /// <param name="geometry">The sizes.</param>
    /// <param name="projections">
    /// Queries, keys and values, <c>[Batch, Length, 3, Heads, HeadWidth]</c>. Positions that no query attends to are
    /// not read.
    /// </param>
    /// <param name="y">The results, <c>[Batch, Count, Heads, HeadWidth]</c>.</param>
    /// <param name="logSums">
    /// The logarithm of the sum of <c>exp(s[i,j])</c> over j, <c>[Batch, Heads, Count]</c>.
    /// </param>
    public abstract void Attention(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums);

    /// <summary>
    /// The gradient of <see cref="Attention"/> of all positions (First is 0 and Count is Length): with
    /// <c>p[i,j] = exp(s[i,j] - logSums[i])</c>, <c>dv[j] = sum over i of p[i,j] dy[i]</c> and
    /// <c>ds[i,j] = p[i,j] (dy[i] . v[j] - dy[i] . y[i])</c>, <c>dq[i] = Scale * sum over j of ds[i,j] k[j]</c> and
    /// <c>dk[j] = Scale * sum over i of ds[i,j] q[i]</c>.
    /// </summary>
    /// <param name="geometry">The sizes.</param>
    /// <param name="projections">The forward pass's input.</param>
    /// <param name="y">The forward pass's result.</param>
    /// <param name="logSums">The forward pass's sums.</param>
    /// <param name="gradY">The gradient of y.</param>
    /// <param name="gradProjections">Receives the gradient of the projections; overwritten.</param>
    public abstract void AttentionGradient(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums,
        Storage<float> gradY, Storage<float> gradProjections);

    /// <summary>
    /// The cross-entropy of each row of logits x <c>[rows, columns]</c> with its target t, in nats:
    /// <c>losses[i] = logSums[i] - x[i, t[i]]</c>, where <c>logSums[i]</c> is the logarithm of the sum of
    /// <c>exp(x[i, k])</c> over k.
    /// </summary>
    public abstract void CrossEntropy(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> losses, Storage<float> logSums);

    /// <summary>
    /// The gradient of the mean of <see cref="CrossEntropy"/> over its n rows:
    /// <c>gradX[i,k] = upstream[0] / n * (exp(x[i,k] - logSums[i]) - [k = t[i]])</c>; gradX may be the logits.
    /// </summary>
    public abstract void CrossEntropyGradient(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> logSums, Storage<float> upstream,
        Storage<float> gradLogits, bool accumulate);

    /// <summary>
    /// Dropout (Srivastava et al. 2014): <c>y = x / (1 - rate)</c>, or 0 where the mask drops the element. Also its own
    /// gradient. y may be x.
    /// </summary>
    public abstract void Dropout(in DropoutMask mask, Storage<float> x, Storage<float> y, bool accumulate);

    /// <summary>
    /// A batch of sequences, taken from n of the same length, as inputs and targets of a model that predicts the next
    /// element: targets i are the sequence <c>numbers[i]</c>; inputs i are <c>firsts[i]</c>, then all but the
    /// sequence's last element.
    /// </summary>
    public abstract void GatherSequences(
        Storage<int> sequences, int length, Storage<int> numbers, Storage<int> firsts, Storage<int> inputs,
        Storage<int> targets);
}
