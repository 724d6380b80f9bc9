using Tessera.Imaging;
using Tessera.Studio.Contract;

namespace Tessera.Studio.Http;

/// <summary>Answers that several endpoints give.</summary>
internal static class Answers
{
    /// <summary>How an address with a version may be cached.</summary>
    public const string Forever = "private, max-age=31536000, immutable";

    /// <summary>The answer made of a value that takes long; 202 with the progress until it is ready.</summary>
    public static async Task<IResult> Of<T>(HttpContext context, Computed<T> computed, Func<T, Task<IResult>> answer)
        where T : class
    {
        if (await computed.Try(context.RequestAborted) is { } value) return await answer(value);
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Json(
            computed.Progress, StudioJson.Default.ProgressAnswer, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>The same of an answer that is made at once.</summary>
    public static Task<IResult> Of<T>(HttpContext context, Computed<T> computed, Func<T, IResult> answer)
        where T : class => Of(context, computed, value => Task.FromResult(answer(value)));

    /// <summary>An image as a PNG; it may be kept for ever if the address names a version.</summary>
    public static IResult Png(HttpContext context, Image image) => Png(context, ImageFile.EncodePng(image));

    /// <summary>A PNG; it may be kept for ever if the address names a version.</summary>
    public static IResult Png(HttpContext context, byte[] file)
    {
        if (context.Request.Query.ContainsKey("v")) context.Response.Headers.CacheControl = Forever;
        return TypedResults.File(file, "image/png");
    }

    /// <summary>Red, green, blue and 255 of each pixel.</summary>
    public static byte[] Rgba(Image image)
    {
        Image colour = ImageTransform.ToChannels(image, 3);
        byte[] result = new byte[image.Width * image.Height * 4];
        for (int i = 0, from = 0; i < result.Length; i += 4, from += 3)
        {
            colour.Pixels.AsSpan(from, 3).CopyTo(result.AsSpan(i));
            result[i + 3] = 255;
        }
        return result;
    }
}
