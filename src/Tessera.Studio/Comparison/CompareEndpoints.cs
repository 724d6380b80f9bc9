using Tessera.Analysis;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Reporting.Plots;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Models;
using Tessera.Studio.Runs;

namespace Tessera.Studio.Comparison;

/// <summary>The endpoints that set two runs beside each other.</summary>
internal sealed class CompareEndpoints(
    RunCatalog catalog, RunReader reader, ModelStore models, IStudioProgram program)
{
    private const int MostImages = 32;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/compare", Compare);
        app.MapGet("/api/compare/images", Images).Gives<ComparedImages>().TakesLong();
    }

    private CompareAnswer Compare(string a, string b)
    {
        (RunEntry first, RunEntry second) = (catalog.Find(a), catalog.Find(b));
        RunAnswer one = reader.Read(first), other = reader.Read(second);
        SettingValue[] ones = ValuesOf(first, one), others = ValuesOf(second, other);
        string[] names = [.. ones.Concat(others).Select(setting => setting.Name).Distinct()];
        return new CompareAnswer(
            one, other,
            [
                .. names.Select(name => new DifferentOption(
                        name, RunForm.LabelOf(name), Of(ones, name), Of(others, name)))
                    .Where(option => option.A != option.B),
            ],
            [
                .. (one.Evaluation?.Values.Keys ?? []).Concat(other.Evaluation?.Values.Keys ?? []).Distinct()
                    .Select(name => new DifferentValue(
                        name, one.Evaluation?.Values.GetValueOrDefault(name),
                        other.Evaluation?.Values.GetValueOrDefault(name))),
            ]);

        static string? Of(SettingValue[] values, string name) =>
            values.FirstOrDefault(setting => setting.Name == name)?.Value;
    }

    private SettingValue[] ValuesOf(RunEntry entry, RunAnswer run) => run.State == RunCondition.Damaged
        ? []
        : [.. program.Describe(OpenedRun.Open(entry).Run.Options)];

    private async Task<IResult> Images(
        string a, string b, HttpContext context, string split = "test", int from = 0, int count = 8)
    {
        Parameter.InRange(count, 1, MostImages, "count");
        LoadedModel one = await models.Get(a, context.RequestAborted);
        LoadedModel other = await models.Get(b, context.RequestAborted);
        if ((one.Options.Size, one.Sizes.Channels) != (other.Options.Size, other.Sizes.Channels))
            throw new StudioException(
                StatusCodes.Status422UnprocessableEntity,
                $"the runs take other images: {one.Options.Size} of {one.Sizes.Channels} channels, and "
                + $"{other.Options.Size} of {other.Sizes.Channels}");
        return await Answers.Of(context, one.Images.Split(split), async source =>
        {
            int end = (int)Math.Min((long)from + count, source.Count);
            int[] numbers = [.. Enumerable.Range(from, Math.Max(end - from, 1))];
            Image[] originals = [.. numbers.Select(number => ModelImages.Read(source, number))];
            Image[] ones = await Reconstruct(a, originals, context.RequestAborted);
            Image[] others = await Reconstruct(b, originals, context.RequestAborted);
            return TypedResults.Json(
                Beside(split, source, numbers, originals, ones, others), StudioJson.Default.ComparedImages);
        });
    }

    private Task<Image[]> Reconstruct(string id, Image[] images, CancellationToken cancellation) =>
        models.Use(id, parts =>
        {
            int cell = parts.Tokenizer.PixelsPerCode;
            return parts.Tokenizer.DecodeAll(
                parts.Tokenizer.Encode(images), images[0].Height / cell, images[0].Width / cell);
        }, cancellation);

    private static ComparedImages Beside(
        string split, ImageSource source, int[] numbers, Image[] originals, Image[] ones, Image[] others)
    {
        float[][] first = [.. originals.Zip(ones, ErrorOf)], second = [.. originals.Zip(others, ErrorOf)];
        double largest = first.Concat(second).Max(errors => errors.Max());
        return new ComparedImages(
            source.Height, source.Width, source.Name, split, source.Count, largest,
            [
                .. numbers.Select((number, i) => new ComparedImage(
                    number, ModelImages.LabelOf(source, number), ImageFile.EncodePng(originals[i]),
                    Answer(originals[i], ones[i], first[i], largest),
                    Answer(originals[i], others[i], second[i], largest))),
            ]);
    }

    private static ComparedReconstruction Answer(Image original, Image image, float[] errors, double largest)
    {
        double mse = ImageMetrics.Mse(PixelValues.UnitRange(original), PixelValues.UnitRange(image));
        double psnr = ImageMetrics.Psnr(mse);
        return new ComparedReconstruction(
            ImageFile.EncodePng(image),
            ImageFile.EncodePng(HeatColors.Map(errors, image.Width, image.Height, largest > 0 ? largest : 1)),
            double.IsFinite(psnr) ? psnr : null, mse);
    }

    /// <summary>The mean absolute error of each pixel's channels, 0 to 1.</summary>
    private static float[] ErrorOf(Image original, Image image)
    {
        int channels = image.Channels;
        float[] errors = new float[image.Width * image.Height];
        for (int i = 0; i < image.Pixels.Length; i++)
            errors[i / channels] += Math.Abs(original.Pixels[i] - image.Pixels[i]) / (255f * channels);
        return errors;
    }
}
