using Tessera;
using Tessera.Data;
using Tessera.Samples;
using Tessera.Training;

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
        case ["encode", string model, string picture]: EncodePicture.Run(model, picture); break;
        case ["decode", string model, string picture, string edited]:
            DecodeEditedCodes.Run(model, picture, edited);
            break;
        case ["parallel", string model, string folder]:
            TrainedModel trained = TrainedModel.Open(model);
            ImageSet pictures = ImageFolder.Load(folder, Split.All, 32, trained.Model.Options.Channels);
            int[][] codes = EncodeInParallel.Run(trained.Model, pictures.First(pictures.Count));
            Console.WriteLine($"{codes.Length} pictures encoded");
            break;
        case ["train", string folder, string run]:
            TrainOnOwnPictures.Run(folder, run, updates: 2000, stop.Token);
            break;
        case ["quantizer"]: QuantizerInOwnModel.Run(Shapes.Load(Split.Train), updates: 300); break;
        case ["module"]: OwnModule.Run(Shapes.Load(Split.Train), updates: 300); break;
        default:
            Console.Error.WriteLine(
                "usage: encode MODEL PICTURE | decode MODEL PICTURE OUT.png | parallel MODEL FOLDER | train FOLDER RUN"
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
