using Tessera;
using Tessera.Data;
using Tessera.Models;
using Tessera.Samples;
using Tessera.Tokens;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    stop.Cancel();
};
try
{
    switch (args)
    {
        case ["encode", string model, string image]: EncodeImage.Run(model, image); break;
        case ["decode", string model, string image, string edited]:
            DecodeEditedCodes.Run(model, image, edited);
            break;
        case ["draw", string run, string grid]: DrawImages.Run(run, className: null, grid); break;
        case ["parallel", string model, string folder]:
            using (var tokenizer = Tokenizer.Open(model))
            {
                ImageSet images = ImageFolder.Load(folder, Split.All, 32, tokenizer.Model.Options.Channels);
                int[][] codes = EncodeInParallel.Run(tokenizer.Model, images.First(images.Count));
                Console.WriteLine($"{codes.Length} images encoded");
            }
            break;
        case ["train", string folder, string run]:
            TrainOnOwnImages.Run(folder, run, updates: 2000, stop.Token);
            break;
        case ["store", string images, string store, string run]:
            TrainFromStore.Run(images, store, run, updates: 2000);
            break;
        case ["learner", string run]:
            OwnLearner.Train(
                run, SyntheticShapes.Load(Split.Train), SyntheticShapes.Load(Split.Test), updates: 200);
            break;
        case ["operation"]: OwnOperation.Run(); break;
        case ["device"]: OwnDevice.Run(); break;
        case ["rows"]:
            foreach (float[] row in LookUpRows.Run(SyntheticShapes.Load(Split.Test), updates: 300).Chunk(3))
                Console.WriteLine(string.Join(", ", row.Select(value => $"{value:0}")));
            break;
        case ["quantizer"]: QuantizerInOwnModel.Run(SyntheticShapes.Load(Split.Train), updates: 300); break;
        case ["quantizers"]:
            foreach (VqVaeOptions options in (VqVaeOptions[])
                [OtherQuantizers.Rounded, OtherQuantizers.Residual, OtherQuantizers.Grouped])
                OtherQuantizers.Run(options);
            break;
        case ["module"]: OwnModule.Run(SyntheticShapes.Load(Split.Train), updates: 300); break;
        default:
            Console.Error.WriteLine(
                "usage: encode MODEL IMAGE | decode MODEL IMAGE OUT.png | draw RUN OUT.png | parallel MODEL FOLDER"
                + " | train FOLDER RUN | store FOLDER STORE.tpk RUN | quantizer | quantizers | module"
                + " | learner RUN | operation | device | rows");
            return 2;
    }
    return 0;
}
catch (InputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
