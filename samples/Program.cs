using Tessera;
using Tessera.Data;
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
        case ["quantizer"]: QuantizerInOwnModel.Run(SyntheticShapes.Load(Split.Train), updates: 300); break;
        case ["module"]: OwnModule.Run(SyntheticShapes.Load(Split.Train), updates: 300); break;
        default:
            Console.Error.WriteLine(
                "usage: encode MODEL IMAGE | decode MODEL IMAGE OUT.png | parallel MODEL FOLDER | train FOLDER RUN"
                + " | quantizer | module");
            return 2;
    }
    return 0;
}
catch (InputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
