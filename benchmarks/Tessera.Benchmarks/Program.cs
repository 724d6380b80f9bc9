using System.Diagnostics;
using System.Globalization;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Random;

// Times single training steps of the seed's model (forward, backward, Adam) on made-up pictures:
//
//     dotnet run -c Release --project benchmarks/Tessera.Benchmarks -- ema 256 2
//
// Prints "ready", then obeys lines as benchmarks/pytorch/step_time.py does: "step" performs one step and answers its
// milliseconds, "quit" ends. Two programs can so take turns on a machine whose speed drifts.

if (args is not [("gradient" or "ema") and var codebook, var batchText, var threadsText]
    || !int.TryParse(batchText, CultureInfo.InvariantCulture, out int batch)
    || !int.TryParse(threadsText, CultureInfo.InvariantCulture, out int threads))
{
    Console.Error.WriteLine("usage: Tessera.Benchmarks gradient|ema BATCH THREADS");
    return 2;
}

const float Variance = 0.0633f;
using var device = new CpuDevice(threads);
var model = new VqVae(new VqVaeOptions { Decay = codebook == "ema" ? 0.99f : 0 }, seed: 1, device);
var optimizer = new Adam(model, learningRate: 1e-4f);
float[] pixels = new float[batch * 32 * 32 * 3];
new CounterRandom(seed: 1, stream: 1000).FillUniform(pixels, -0.5f, 0.5f);
using var tape = new Tape(device);

Console.WriteLine("ready");
while (Console.ReadLine() is "step")
{
    long start = Stopwatch.GetTimestamp();
    model.ClearGradients();
    Tensor pictures = tape.Input(pixels, [batch, 32, 32, 3]);
    VqVaeOutput output = model.Forward(pictures);
    Tensor loss = output.Reconstruction.MeanSquaredError(pictures).Scale(1 / Variance).Add(output.Quantized.Loss);
    tape.Backward(loss);
    optimizer.Step();
    tape.Reset();
    Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString("F2", CultureInfo.InvariantCulture));
}
return 0;
