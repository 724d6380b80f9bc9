using System.Globalization;
using Tessera.Benchmarks.Libtorch;
using Tessera.Benchmarks.Worker;
using TorchSharp;

const string Usage = "usage: Tessera.Benchmarks.Libtorch IMAGES VARIANCE THREADS contiguous|channels_last";
if (args is not [var path, var variance, var threads, ("contiguous" or "channels_last") and var layout])
{
    Console.Error.WriteLine(Usage);
    return 2;
}
torch.set_num_threads(WorkerLoop.Whole(threads));
var memory = new MemoryLayout(IsChannelsLast: layout == "channels_last");
var images = new RawImageFile(path, double.Parse(variance, CultureInfo.InvariantCulture), memory);
var operations = new Operations(new LibtorchOperations(images, memory).Make);
return WorkerLoop.Run(operations.Find, Description.ToJson);
