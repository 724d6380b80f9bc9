using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Mpi.Tests;

/// <summary>Several processes with a batch train what one does with it, whatever is trained.</summary>
public class JointTrainingTests
{
    // Adam doubles a difference of rounding in an update or two. Later, a vector between two codes may choose another.
    private const int ComparedUpdates = 6;
    private const double Tolerance = 1e-4;

    private static readonly Dictionary<string, TrainingOptions> Variants = AllVariants();

    public static TheoryData<string> Names => [.. Variants.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Losses_codes_and_evaluation_are_those_of_one_process(string name)
    {
        TrainingOptions options = Variants[name];
        JointRun one = JointRun.Train(options, 1);
        foreach (int size in (int[])[2, 3, 4])
        {
            JointRun all = JointRun.Train(options, size);
            Assert.All(all.Weights, weights => Assert.Equal(all.Weights[0], weights));
            Assert.All(
                all.Evaluations, evaluation => Assert.Equal($"{all.Evaluations[0]}", $"{evaluation}"));
            Assert.Equal(one.Series.Length, all.Series.Length);
            for (int update = 0; update < ComparedUpdates; update++)
                AssertClose(one.Series[update], all.Series[update], $"the losses of {size} ranks at {update}");
            AssertClose(one.FirstEvaluation, all.FirstEvaluation, $"the evaluation of {size} ranks");
            Assert.Equal(one.Revived, all.Revived);
        }
        if (options.Model.Quantizer is RunningAverageOptions { Revival: > 0 } && options.Model.Cell.Groups == 1)
            Assert.True(one.Revived > 0, "no code was revived, so that revival was not tested");
    }

    [Theory]
    [InlineData("ema")]
    [InlineData("lfq")]
    public void The_bits_do_not_depend_on_who_arrives_first(string name)
    {
        string first = JointRun.Train(Variants[name], 3).Weights[0];
        for (int repetition = 0; repetition < 2; repetition++)
            Assert.Equal(first, JointRun.Train(Variants[name], 3, isUneven: true).Weights[2]);
    }

    private static void AssertClose(float[] expected, float[] actual, string what) => Assert.True(
        expected.Zip(actual).All(pair => Math.Abs(pair.First - pair.Second) <= Tolerance * Math.Abs(pair.First)),
        $"{what} are {string.Join(", ", actual)}, not {string.Join(", ", expected)}");

    private static Dictionary<string, TrainingOptions> AllVariants()
    {
        var variants = new Dictionary<string, TrainingOptions>();
        foreach (QuantizerOptions quantizer in QuantizerOptions.All)
            variants.Add(quantizer.Kind, Of(SmallRun.WithAll(quantizer)));
        var ema = (EmaVectorQuantizerOptions)SmallRun.WithAll(new EmaVectorQuantizerOptions());
        variants.Add("ema with entropy", Of(ema with { Entropy = 0.1f }));
        variants.Add("simvq with entropy", Of(new SimVectorQuantizerOptions { Entropy = 0.1f, Orthogonality = 0.1f }));
        variants.Add("shared levels", Of(ema, new CellOptions { Depth = 3, SharedCodebook = true }));
        variants.Add(
            "dropped levels",
            Of(ema with { KeepSmoothing = false }, new CellOptions { Depth = 3, LevelDropout = 0.5f }));
        variants.Add("groups", Of(ema, new CellOptions { Groups = 5 }));
        variants.Add("two levels", Of(ema, new CellOptions { Top = true }));
        variants.Add(
            "muon", Of(ema) with
            {
                Optimizer = OptimizerKind.Muon,
                ClipNorm = 0.5f,
                AverageDecay = 0.9,
                WeightDecay = 0.1f,
                Flips = true,
                Loss = new LossOptions { Pixel = PixelLoss.L1MsSsim },
            });
        return variants;
    }

    private static TrainingOptions Of(QuantizerOptions quantizer, CellOptions? cell = null) => SmallRun.Options with
    {
        Model = SmallRun.Options.Model with
        {
            Quantizer = quantizer,
            Codes = SmallRun.CodesFor(quantizer),
            Cell = cell ?? new CellOptions(),
        },
        // Codes are revived at the eleventh.
        Budget = TrainingBudget.OfUpdates(12),
        EvalEvery = ComparedUpdates,
    };
}
