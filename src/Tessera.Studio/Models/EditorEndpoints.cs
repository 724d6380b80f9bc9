using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.HttpResults;
using Tessera.Analysis;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Tensors.Random;
using Tessera.Tokens;

namespace Tessera.Studio.Models;

/// <summary>The endpoints of the token editor: images to codes and back, and what the prior thinks of codes.</summary>
internal sealed class EditorEndpoints(ModelStore models)
{
    private const int MostSteps = 33, MostLikely = 4096;
    private const long MostPixels = 16L << 20;
    private const string Bytes = "application/octet-stream";
    private static readonly SemaphoreSlim Decoding = new(2);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/api/runs/{id}/encode", Encode)
            .Takes<ImageRequest>("image/*", Bytes).Gives<EncodedAnswer>().TakesLong();
        app.MapPost("/api/runs/{id}/import", Import).Takes<CodesFile>(Bytes).Gives<EncodedAnswer>();
        app.MapPost("/api/runs/{id}/decode", Decode).GivesFile("image/png", Bytes);
        app.MapPost("/api/runs/{id}/export", Export).GivesFile(Bytes, "application/json", "image/png");
        app.MapPost("/api/runs/{id}/likely", Likely);
        app.MapPost("/api/runs/{id}/nats", Nats);
        app.MapPost("/api/runs/{id}/interpolate", Interpolate);
    }

    private async Task<IResult> Encode(string id, HttpContext context, string size = "run")
    {
        if (!context.Request.HasJsonContentType()) return await EncodeFile(id, context, size);
        ImageRequest request = await Read(context, StudioJson.Default.ImageRequest);
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(context, loaded.Images.Split(request.Split), async images =>
        {
            Image image = ModelImages.Read(images, request.Number);
            string? label = ModelImages.LabelOf(images, request.Number);
            string name = $"{request.Split} {request.Number}{(label is null ? "" : $": {label}")}";
            return Json(await EncodeImage(id, image, name, label, isScaled: false, context.RequestAborted));
        });
    }

    private async Task<IResult> EncodeFile(string id, HttpContext context, string size)
    {
        if (size is not ("run" or "native"))
            throw StudioException.Wrong($"size must be run or native, not {size}", "size");
        byte[] file = await Body(context);
        Image read = await Decoded(file, context.RequestAborted);
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        VqVaeOptions model = loaded.Sizes;
        int cell = model.PixelsPerCode, most = Checks.MostSide / cell * cell;
        (int height, int width) = size == "run"
            ? (loaded.Options.Size.Height, loaded.Options.Size.Width)
            : (Math.Min(read.Height / cell * cell, most), Math.Min(read.Width / cell * cell, most));
        if (height == 0 || width == 0)
            throw new StudioException(
                StatusCodes.Status422UnprocessableEntity,
                $"the image is {read.Height}x{read.Width}, smaller than a code of {cell}x{cell}");
        Image image = size == "run"
            ? ImageTransform.Fit(read, width, height, model.Channels)
            : ImageTransform.ToChannels(ImageTransform.CropCentre(read, width, height), model.Channels);
        return Json(await EncodeImage(
            id, image, "uploaded image", label: null, (height, width) != (read.Height, read.Width),
            context.RequestAborted));
    }

    private Task<EncodedAnswer> EncodeImage(
        string id, Image image, string name, string? label, bool isScaled, CancellationToken cancellation) =>
        models.Use(id, parts =>
        {
            int[] codes = parts.Tokenizer.Encode(image);
            int rows = image.Height / parts.Tokenizer.PixelsPerCode;
            int columns = image.Width / parts.Tokenizer.PixelsPerCode;
            Image decoded = parts.Decode(codes, rows, columns);
            double psnr = ImageMetrics.Psnr(PixelValues.UnitRange(image), PixelValues.UnitRange(decoded));
            return new EncodedAnswer(
                parts.Loaded.Version, name, label, rows, columns, codes, ImageFile.EncodePng(image),
                ImageFile.EncodePng(decoded), double.IsFinite(psnr) ? psnr : null, isScaled);
        }, cancellation);

    private async Task<EncodedAnswer> Import(string id, HttpContext context)
    {
        bool isJson = context.Request.HasJsonContentType();
        CodesFile? json = isJson ? await Read(context, StudioJson.Default.CodesFile) : null;
        byte[] file = isJson ? [] : await Body(context);
        return await models.Use(id, parts =>
        {
            VqVaeOptions model = parts.Model.Options;
            CodesFile read = json ?? ReadNpy(file, model);
            if (read.PerCell != model.Cell.Codes)
                throw new StudioException(
                    StatusCodes.Status422UnprocessableEntity,
                    $"the file has {read.PerCell} codes a cell, the model {model.Cell.Codes}");
            Checks.Codes(model, new CodesRequest(read.Rows, read.Columns, read.Codes));
            return new EncodedAnswer(
                parts.Loaded.Version, "imported codes", null, read.Rows, read.Columns, read.Codes, null,
                ImageFile.EncodePng(parts.Decode(read.Codes, read.Rows, read.Columns)), null, Scaled: false);
        }, context.RequestAborted);
    }

    private async Task<IResult> Decode(string id, CodesRequest request, HttpContext context)
    {
        Image image = await models.Use(id, parts =>
        {
            Checks.Codes(parts.Model.Options, request);
            return parts.Decode(request.Codes, request.Rows, request.Columns);
        }, context.RequestAborted);
        if (!context.Request.Headers.Accept.ToString().Contains(Bytes, StringComparison.OrdinalIgnoreCase))
            return Answers.Png(context, image);
        context.Response.Headers["X-Image-Width"] = image.Width.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["X-Image-Height"] = image.Height.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Bytes(Answers.Rgba(image), Bytes);
    }

    private async Task<IResult> Export(string id, ExportRequest request, HttpContext context)
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        VqVaeOptions model = loaded.Sizes;
        Checks.Codes(model, request);
        int perCell = model.Cell.Codes;
        switch (request.Format)
        {
            case "json":
                var file = new CodesFile(request.Rows, request.Columns, request.Codes, perCell, loaded.Version);
                return TypedResults.File(
                    JsonSerializer.SerializeToUtf8Bytes(file, StudioJson.Default.CodesFile), "application/json",
                    "codes.json");
            case "npy":
                using (var stream = new MemoryStream())
                {
                    int[] shape = perCell == 1
                        ? [request.Images, request.Rows, request.Columns]
                        : [request.Images, request.Rows, request.Columns, perCell];
                    TokenFile.WriteArray(stream, model.Codes - 1, shape, [request.Codes]);
                    return TypedResults.File(stream.ToArray(), Bytes, "codes.npy");
                }
            case "png":
                byte[] png = await models.Use(
                    id, parts => ImageFile.EncodePng(parts.Decode(request.Codes, request.Rows, request.Columns)),
                    context.RequestAborted);
                return TypedResults.File(png, "image/png", "image.png");
            default:
                throw StudioException.Wrong($"format must be npy, json or png, not {request.Format}", "format");
        }
    }

    private Task<LikelyAnswer> Likely(string id, LikelyRequest request, CancellationToken cancellation) =>
        models.Use(id, parts =>
        {
            CodePrior prior = parts.Sampler.Prior;
            Checks.Codes(prior.Options, parts.Model.Options, request.Codes, "codes");
            Parameter.InRange(request.Place, 0, prior.Options.Length - 1, "place");
            Parameter.InRange(request.Count, 1, MostLikely, "count");
            double[] probabilities = PriorEvaluator.ProbabilitiesAt(
                prior, request.Codes, request.Place, Checks.Class(prior.Options, request.Class));
            int[] order = [.. Enumerable.Range(0, probabilities.Length).OrderByDescending(code => probabilities[code])];
            int current = request.Codes[request.Place];
            int[] first = order[..Math.Min(request.Count, order.Length)];
            return new LikelyAnswer(
                first, [.. first.Select(code => probabilities[code])],
                new LikelyCode(current, Array.IndexOf(order, current), probabilities[current]));
        }, cancellation);

    private Task<NatsAnswer> Nats(string id, NatsRequest request, CancellationToken cancellation) =>
        models.Use(id, parts =>
        {
            CodePrior prior = parts.Sampler.Prior;
            Checks.Codes(prior.Options, parts.Model.Options, request.Codes, "codes");
            float[] nats = PriorEvaluator.Nats(
                prior, request.Codes, [Checks.Class(prior.Options, request.Class)], cancellation);
            return new NatsAnswer(nats, nats.Average(value => (double)value));
        }, cancellation);

    private Task<InterpolateAnswer> Interpolate(string id, InterpolateRequest request, CancellationToken cancellation)
    {
        Parameter.InRange(request.Steps, 2, MostSteps, "steps");
        if (request.Space is not ("latents" or "codes"))
            throw StudioException.Wrong($"space must be latents or codes, not {request.Space}", "space");
        return models.Use(id, parts =>
        {
            VqVaeOptions model = parts.Model.Options;
            Checks.Grid(model, request.Rows, request.Columns);
            Checks.Codes(model, request.From, request.Rows * request.Columns, "from");
            Checks.Codes(model, request.To, request.Rows * request.Columns, "to");
            Checks.Together(model, request.Steps, request.Rows, request.Columns, "steps");
            IEnumerable<FrameAnswer> frames =
                request.Space == "latents" ? Between(parts, request) : Replacing(parts, request);
            return new InterpolateAnswer([.. frames.Select(frame =>
            {
                cancellation.ThrowIfCancellationRequested();
                return frame;
            })]);
        }, cancellation);
    }

    /// <summary>Straight lines between the code vectors of each cell.</summary>
    private static IEnumerable<FrameAnswer> Between(ModelParts parts, InterpolateRequest request)
    {
        ModelProbe probe = parts.Probe;
        LatentMaps ends = probe.Lookup([.. request.From, .. request.To], 2, request.Rows, request.Columns);
        return Enumerable.Range(0, request.Steps).Select(step =>
        {
            float t = TimeOf(step, request);
            var between = new LatentMaps(1, ends.Height, ends.Width, ends.Dimensions);
            Span<float> map = between.Of(0), from = ends.Of(0), to = ends.Of(1);
            for (int i = 0; i < map.Length; i++) map[i] = (1 - t) * from[i] + t * to[i];
            int[]? codes = step == 0 ? request.From : step == request.Steps - 1 ? request.To : null;
            return new FrameAnswer(t, codes, ImageFile.EncodePng(probe.Decode(between)[0]));
        });
    }

    /// <summary>Cell after cell takes its other codes, in a random order that is always the same.</summary>
    private static IEnumerable<FrameAnswer> Replacing(ModelParts parts, InterpolateRequest request)
    {
        int cells = request.Rows * request.Columns, perCell = parts.Tokenizer.CodesPerCell;
        var random = new CounterRandom(seed: 1, stream: 0);
        int[] order = [.. Enumerable.Range(0, cells).OrderBy(cell => random.Uniform((ulong)cell))];
        return Enumerable.Range(0, request.Steps).Select(step =>
        {
            int[] codes = [.. request.From];
            foreach (int cell in order.Take((int)Math.Round(TimeOf(step, request) * cells)))
                request.To.AsSpan(cell * perCell, perCell).CopyTo(codes.AsSpan(cell * perCell));
            return new FrameAnswer(
                TimeOf(step, request), codes,
                ImageFile.EncodePng(parts.Decode(codes, request.Rows, request.Columns)));
        });
    }

    private static float TimeOf(int step, InterpolateRequest request) => (float)step / (request.Steps - 1);

    private static JsonHttpResult<EncodedAnswer> Json(EncodedAnswer answer) =>
        TypedResults.Json(answer, StudioJson.Default.EncodedAnswer);

    private static CodesFile ReadNpy(byte[] file, VqVaeOptions model)
    {
        using var stream = new MemoryStream(file);
        using TokenReader reader = TokenReader.Open(stream, "the file", model.Codes, model.Cell.Codes);
        return new CodesFile(reader.Rows, reader.Columns, reader.Read(1), reader.CodesPerCell);
    }

    /// <summary>Decodes an upload. A small file may be a large image: only a few are decoded at once.</summary>
    private static async Task<Image> Decoded(byte[] file, CancellationToken cancellation)
    {
        await Decoding.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => ImageFile.Decode(file, "the file", MostPixels), cancellation);
        }
        finally
        {
            Decoding.Release();
        }
    }

    private static async Task<T> Read<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class =>
        await context.Request.ReadFromJsonAsync(type, context.RequestAborted)
        ?? throw StudioException.Wrong("the body is empty");

    private static async Task<byte[]> Body(HttpContext context)
    {
        using var copy = new MemoryStream();
        await context.Request.Body.CopyToAsync(copy, context.RequestAborted);
        return copy.ToArray();
    }
}
