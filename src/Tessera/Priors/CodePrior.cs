using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Priors;

/// <summary>
/// The distribution over the codes of an image (van den Oord et al. 2017, section 3.3, with a transformer in place of
/// the PixelCNN): <c>p(codes) = product over i of p(code i | class, codes before i)</c>, in raster order.
/// </summary>
/// <remarks>
/// Input i of a sequence is the code before position i; the first is the class, or "any". Each input is looked up in
/// one table, and the vectors of its position's row and column are added; where a cell has several codes, also that of
/// the code's place in its cell. Then follow <see cref="PriorBlock"/>s, a
/// layer normalisation and a linear map to the logits of all codes.
/// </remarks>
/// <example><code>
/// var prior = new CodePrior(new CodePriorOptions { Codes = 512, Rows = 8, Columns = 8 }, seed: 1);
/// using var tape = new Tape(recording: false);
/// Indices inputs = tape.Indices(new int[64], [1, 64], limit: prior.Inputs);
/// Tensor logits = prior.Forward(inputs);   // [1, 64, 512]
/// </code></example>
public sealed class CodePrior : Module
{
    /// <summary>The standard deviation of the initial weights (Radford et al. 2019, GPT-2).</summary>
    internal const float Deviation = 0.02f;

    private readonly Embedding _inputs, _rows, _columns;
    private readonly Embedding? _places;
    private readonly PriorBlock[] _blocks;
    private readonly LayerNorm _norm;
    private readonly Linear _head;
    private readonly List<PriorDropout> _dropouts = [];
    private readonly Indices _rowOf, _columnOf, _placeOf;
    private BlockIntegers? _update;

    /// <summary>Creates a prior with random weights.</summary>
    /// <param name="options">Its sizes.</param>
    /// <param name="seed">Seed of the random weights and of the dropout.</param>
    /// <param name="device">Its device; null for the default device.</param>
    /// <exception cref="InputException">An option is out of its range.</exception>
    public CodePrior(CodePriorOptions options, ulong seed = 0, Device? device = null)
    {
        options.Validate();
        Options = options;
        Device = device ?? Device.Default;
        var initializer = new Initializer(seed, Device);
        _inputs = Child("inputs", new Embedding(Inputs, options.Width, initializer, Deviation));
        _rows = Child("rows", new Embedding(options.Rows, options.Width, initializer, Deviation));
        _columns = Child("columns", new Embedding(options.Columns, options.Width, initializer, Deviation));
        if (options.CodesPerCell > 1)
            _places = Child("places", new Embedding(options.CodesPerCell, options.Width, initializer, Deviation));
        NewDropout();
        _blocks =
        [
            .. Enumerable.Range(0, options.Layers).Select(
                i => Child($"blocks.{i}", new PriorBlock(options, initializer, NewDropout))),
        ];
        _norm = Child("norm", new LayerNorm(options.Width, initializer));
        _head = Child("head", new Linear(options.Width, options.Codes, initializer, Deviation, bias: false));
        int perCell = options.CodesPerCell;
        _rowOf = Positions(i => i / perCell / options.Columns, options.Rows);
        _columnOf = Positions(i => i / perCell % options.Columns, options.Columns);
        _placeOf = Positions(i => i % perCell, perCell);

        Indices Positions(Func<int, int> of, int limit) => Workspace(Indices.From(
            [.. Enumerable.Range(0, options.Length).Select(of)], [options.Length], limit, Device));

        PriorDropout NewDropout()
        {
            var dropout = new PriorDropout(options.Dropout, seed, _dropouts.Count);
            _dropouts.Add(dropout);
            return dropout;
        }
    }

    /// <summary>The prior's options.</summary>
    public CodePriorOptions Options { get; }

    /// <summary>The device of its tensors.</summary>
    public Device Device { get; }

    /// <summary>The number of inputs: the codes, the classes and "any".</summary>
    public int Inputs => Options.AnyClass + 1;

    /// <summary>The logits of every position of sequences.</summary>
    /// <param name="inputs">
    /// <c>[batch, length]</c>: <see cref="CodePriorOptions.FirstInput"/>, then all codes of the image but the last.
    /// </param>
    /// <returns><c>[batch, length, codes]</c>, on the tape of the inputs.</returns>
    /// <exception cref="ArgumentException">The inputs are no sequences of this length, or on no tape.</exception>
    public Tensor Forward(Indices inputs)
    {
        Tape tape = inputs.Tape ?? throw new ArgumentException("the inputs are on no tape", nameof(inputs));
        if (inputs.Shape.Rank != 2 || inputs.Shape[1] != Options.Length)
            throw new ArgumentException(
                $"inputs are [batch, {Options.Length}], not {inputs.Shape}", nameof(inputs));
        Tensor x = _dropouts[0].Apply(_inputs.Forward(inputs).Add(Positions(tape)));
        foreach (PriorBlock block in _blocks) x = block.Forward(x);
        return _head.Forward(_norm.Forward(x));
    }

    /// <summary>
    /// The logits of one position of sequences whose positions before are in a cache; the same bits as those of
    /// <see cref="Forward"/>.
    /// </summary>
    /// <param name="position">The position.</param>
    /// <param name="cache">The position's inputs, and what is kept of the positions before; changed.</param>
    /// <param name="tape">A tape that does not record.</param>
    /// <returns><c>[batch, 1, codes]</c>, on the tape.</returns>
    internal Tensor At(int position, PriorCache cache, Tape tape)
    {
        Tensor at = Positions(tape).Rows(position, 1);
        Tensor x = _inputs.Forward(cache.Inputs.On(tape).Reshape([cache.Sequences, 1])).Add(at);
        Indices rows = cache.Rows(position).On(tape);
        for (int i = 0; i < _blocks.Length; i++) x = _blocks[i].Next(x, cache.Projections[i], rows, position);
        return _head.Forward(_norm.Forward(x));
    }

    /// <summary>Puts the number of the update, which selects the dropped numbers, into a block.</summary>
    internal void Share(UpdateBlock block)
    {
        _update = block.ReserveIntegers(1);
        foreach (PriorDropout dropout in _dropouts) dropout.Update = _update.Storage;
    }

    /// <summary>Sets the number of the update in the shared block.</summary>
    internal void Prepare(long update) => _update!.Values[0] = (int)update;

    /// <summary>
    /// The vectors of all positions, <c>[length, width]</c>: row plus column, plus place in the cell.
    /// </summary>
    private Tensor Positions(Tape tape)
    {
        Tensor cells = _rows.Forward(_rowOf.On(tape)).Add(_columns.Forward(_columnOf.On(tape)));
        return _places is null ? cells : cells.Add(_places.Forward(_placeOf.On(tape)));
    }
}
