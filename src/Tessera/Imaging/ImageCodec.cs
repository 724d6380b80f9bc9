using System.Reflection;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Advanced;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using Sharp = SixLabors.ImageSharp.Image;

namespace Tessera.Imaging;

/// <summary>Decodes and encodes image files with ImageSharp. No ImageSharp type leaves this folder.</summary>
internal static class ImageCodec
{
    private const string Readable = "PNG, JPEG, WebP, GIF, BMP and TIFF";

    private const byte GifTrailer = 0x3B;

    private static readonly Configuration Formats = CreateConfiguration();

    // Allocates zeroed memory: missing rows of a PNG become black.
    private static readonly Configuration ZeroedFormats = CreateZeroedConfiguration();

    private static readonly PngEncoder GreyEncoder = CreateEncoder(PngColorType.Grayscale);
    private static readonly PngEncoder RgbEncoder = CreateEncoder(PngColorType.Rgb);

    /// <summary>ImageSharp's version.</summary>
    public static string LibraryVersion { get; } =
        typeof(Sharp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? $"{typeof(Sharp).Assembly.GetName().Version}";

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, of an unknown format, or declares too many pixels.
    /// </exception>
    public static Image Decode(byte[] data, long maxPixels)
    {
        try
        {
            if (PngCheck.IsPng(data)) data = PngCheck.ForDecoder(data);
            using Stream file = Open(data);
            IImageInfo info = Sharp.Identify(Formats, file, out IImageFormat format)
                ?? throw new InvalidDataException($"it is {FormatOf(data)}; {Readable} files are read");
            bool isGrey = IsGrey(info.Metadata, format);
            CheckSize(info.Width, info.Height, isGrey ? 1 : 3, maxPixels);
            bool isPng = format is PngFormat;
            bool isInterlaced = isPng && info.Metadata.GetPngMetadata().InterlaceMethod == PngInterlaceMode.Adam7;
            if (isInterlaced) PngCheck.CheckRows(data, info, isInterlaced);
            using Sharp image = Load(isPng ? ZeroedFormats : Formats, data, isGrey);
            // Counting the rows adds a third to the time of decoding, so it is done only where rows can be missing.
            if (isPng && !isInterlaced && IsLastRowBlack(image)) PngCheck.CheckRows(data, info, isInterlaced);
            return Upright(image);
        }
        // Damaged data can cause any exception in ImageSharp: index, cast, null reference.
        catch (Exception e) when (e is not (InvalidDataException or OutOfMemoryException))
        {
            throw new InvalidDataException(Reason(e, data), e);
        }
    }

    /// <summary>Encodes an image as PNG.</summary>
    public static byte[] EncodePng(Image image)
    {
        using MemoryStream file = new();
        using Sharp source = Wrap(image);
        source.Save(file, image.Channels == 1 ? GreyEncoder : RgbEncoder);
        return file.ToArray();
    }

    /// <summary>Applies ImageSharp operations to an image.</summary>
    public static Image Transform(Image image, Action<IImageProcessingContext> operations)
    {
        using Sharp source = Wrap(image);
        using Sharp result = source.Clone(operations);
        return Copy(result);
    }

    private static Stream Open(byte[] data)
    {
        if (WebpCheck.IsWebp(data)) return WebpCheck.Open(data);
        if (PngCheck.IsPng(data)) return PngCheck.Open(data);
        // Some programs leave out the last byte of a GIF, which follows the zero of the last block.
        bool isOpenGif = data.AsSpan().StartsWith("GIF8"u8) && data[^1] == 0;
        return new WholeFileStream(isOpenGif ? [.. data, GifTrailer] : data);
    }

    private static string Reason(Exception e, byte[] data)
    {
        if (e is EndOfStreamException) return e.Message;
        // ImageSharp calls impossible headers of a PNG unsupported too.
        return e is NotSupportedException && Sharp.DetectFormat(Formats, data) is { } format and not PngFormat
            ? $"this kind of {format.Name.ToUpperInvariant()} file is not supported; save it as PNG"
            : "its data is damaged";
    }

    private static Sharp Load(Configuration formats, byte[] data, bool isGrey)
    {
        using Stream file = Open(data);
        return isGrey ? Sharp.Load<L8>(formats, file) : Sharp.Load<Rgb24>(formats, file);
    }

    private static Image Upright(Sharp image)
    {
        // A TIFF's profile is that of its page.
        image.Metadata.ExifProfile ??= image.Frames.RootFrame.Metadata.ExifProfile;
        if (image.Metadata.ExifProfile is not null) image.Mutate(source => source.AutoOrient());
        return Copy(image);
    }

    private static bool IsLastRowBlack(Sharp image)
    {
        int row = image.Height - 1;
        ReadOnlySpan<byte> samples = image is Image<L8> grey
            ? MemoryMarshal.AsBytes(grey.DangerousGetPixelRowMemory(row).Span)
            : MemoryMarshal.AsBytes(((Image<Rgb24>)image).DangerousGetPixelRowMemory(row).Span);
        return !samples.ContainsAnyExcept((byte)0);
    }

    private static Image Copy(Sharp image)
    {
        Image copy = Image.Black(image.Width, image.Height, image is Image<L8> ? 1 : 3);
        if (image is Image<L8> grey) grey.CopyPixelDataTo(copy.Pixels);
        else ((Image<Rgb24>)image).CopyPixelDataTo(copy.Pixels);
        return copy;
    }

    // Wraps the image's own bytes, without a copy.
    private static Sharp Wrap(Image image) => image.Channels == 1
        ? Sharp.WrapMemory<L8>(Formats, image.Pixels, image.Width, image.Height)
        : Sharp.WrapMemory<Rgb24>(Formats, image.Pixels, image.Width, image.Height);

    private static bool IsGrey(ImageMetadata metadata, IImageFormat format) => format switch
    {
        PngFormat => metadata.GetPngMetadata().ColorType is PngColorType.Grayscale or PngColorType.GrayscaleWithAlpha,
        JpegFormat => metadata.GetJpegMetadata().ColorType is JpegColorType.Luminance,
        _ => false,
    };

    // Refuses empty dimensions, and those over the limit or over the size of an array.
    private static void CheckSize(long width, long height, int bytesPerPixel, long maxPixels)
    {
        if (width < 1 || height < 1) throw new InvalidDataException($"it declares {width} x {height} pixels");
        long limit = Math.Min(maxPixels, Array.MaxLength / bytesPerPixel);
        if (height > limit / width)
            throw new InvalidDataException($"it declares {width} x {height} pixels; the limit is {limit} in all");
    }

    private static string FormatOf(ReadOnlySpan<byte> data) =>
        data.Length >= 12 && data[4..].StartsWith("ftyp"u8) ? "an AVIF, HEIF or video file" : "of another format";

    private static PngEncoder CreateEncoder(PngColorType type) =>
        new() { ColorType = type, BitDepth = PngBitDepth.Bit8, IgnoreMetadata = true };

    private static Configuration CreateConfiguration()
    {
        var configuration = new Configuration(
            new PngConfigurationModule(), new JpegConfigurationModule(), new WebpConfigurationModule(),
            new GifConfigurationModule(), new BmpConfigurationModule(), new TiffConfigurationModule())
        {
            // The callers already read images in parallel.
            MaxDegreeOfParallelism = 1,
            StreamProcessingBufferSize = WholeFileStream.ReadAhead,
        };
        configuration.ImageFormatsManager.SetDecoder(
            GifFormat.Instance, new GifDecoder { DecodingMode = FrameDecodingMode.First });
        configuration.ImageFormatsManager.SetDecoder(
            TiffFormat.Instance, new TiffDecoder { DecodingMode = FrameDecodingMode.First });
        return configuration;
    }

    private static Configuration CreateZeroedConfiguration()
    {
        Configuration configuration = Formats.Clone();
        configuration.MemoryAllocator = new SimpleGcMemoryAllocator();
        return configuration;
    }
}
