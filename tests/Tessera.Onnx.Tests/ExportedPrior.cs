using Tessera.Models;
using Tessera.Priors;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Random;

namespace Tessera.Onnx.Tests;

/// <summary>A small prior whose logits differ clearly, exported beside a small model.</summary>
internal sealed class ExportedPrior : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ExportedPrior(CodePriorOptions options)
    {
        Prior = new CodePrior(options, seed: 3);
        // The first weights are small and the gains and biases alike: the parts of the graph would hardly count.
        ulong stream = 0;
        foreach ((_, Tensor tensor) in Prior.State())
        {
            float[] values = tensor.ToArray(), noise = new float[values.Length];
            new CounterRandom(seed: 6, stream++).FillNormal(noise);
            tensor.CopyFrom(Array.ConvertAll([.. values.Zip(noise)], pair => pair.First + 0.3f * pair.Second));
        }
        using var model = new VqVae(ExportedModel.Options("ema") with
        {
            Codes = options.Codes,
            Cell = new CellOptions { Depth = options.CodesPerCell },
        });
        OnnxExport.Write(Folder, model, Prior);
    }

    public CodePrior Prior { get; }

    public string Folder => _folder["onnx"];

    public string File => _folder["onnx", "prior.onnx"];

    public static CodePriorOptions Options(int rows = 4, int columns = 4, params string[] classes) => new()
    {
        Codes = 20,
        Rows = rows,
        Columns = columns,
        Classes = classes,
        Width = 24,
        Layers = 2,
        Heads = 3,
    };

    /// <summary>Codes, <c>[batch, length]</c>.</summary>
    public long[] Codes(int batch)
    {
        var random = new CounterRandom(seed: 8, stream: 0);
        return
        [
            .. Enumerable.Range(0, batch * Prior.Options.Length)
                .Select(i => (long)(random.Bits((ulong)i) % (ulong)Prior.Options.Codes)),
        ];
    }

    /// <summary>The logits that the prior gives, <c>[batch, length, codes]</c>.</summary>
    public float[] Logits(long[] codes, long[] classes)
    {
        int length = Prior.Options.Length;
        int[] inputs = new int[codes.Length];
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = (int)(i % length == 0 ? Prior.Options.Codes + classes[i / length] : codes[i - 1]);
        using var tape = new Tape(recording: false);
        return Prior.Forward(tape.Indices(inputs, [classes.Length, length], Prior.Inputs)).ToArray();
    }

    /// <summary>Runs the export in ONNX Runtime.</summary>
    public Value Run(long[] codes, long[] classes)
    {
        using var model = new RuntimeModel(File);
        return model.Run(
            ("codes", new Value([classes.Length, Prior.Options.Length], codes)),
            ("class", new Value([classes.Length], classes)))["logits"];
    }

    public void Dispose()
    {
        Prior.Dispose();
        _folder.Dispose();
    }
}
