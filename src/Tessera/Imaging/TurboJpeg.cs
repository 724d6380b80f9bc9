using System.Runtime.InteropServices;

namespace Tessera.Imaging;

/// <summary>
/// The five functions of libjpeg-turbo's TurboJPEG interface that decoding needs: those of version 2, which version 3
/// keeps. Safe to use from several threads.
/// </summary>
internal sealed unsafe class TurboJpeg
{
    private const int ColourspaceGrey = 2, ColourspaceCmyk = 3, ColourspaceYcck = 4;
    private const int PixelFormatRgb = 0, PixelFormatGrey = 6;

    /// <summary>Refuses files of over 500 progressive scans, which take hours to decode and show nothing.</summary>
    private const int LimitScans = 1 << 15;

    private static readonly Lazy<TurboJpeg?> LazyShared = new(() => Load(FileNames));

    private readonly delegate* unmanaged[Cdecl]<nint> _initDecompress;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, CULong, int*, int*, int*, int*, int> _decompressHeader;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, CULong, byte*, int, int, int, int, int, int> _decompress;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*> _getErrorText;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _destroy;

    private TurboJpeg(nint library)
    {
        _initDecompress = (delegate* unmanaged[Cdecl]<nint>)NativeLibrary.GetExport(library, "tjInitDecompress");
        _decompressHeader = (delegate* unmanaged[Cdecl]<nint, byte*, CULong, int*, int*, int*, int*, int>)
            NativeLibrary.GetExport(library, "tjDecompressHeader3");
        _decompress = (delegate* unmanaged[Cdecl]<nint, byte*, CULong, byte*, int, int, int, int, int, int>)
            NativeLibrary.GetExport(library, "tjDecompress2");
        _getErrorText = (delegate* unmanaged[Cdecl]<nint, byte*>)NativeLibrary.GetExport(library, "tjGetErrorStr2");
        _destroy = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, "tjDestroy");
    }

    /// <summary>The machine's library; null where it has none. Looked for once.</summary>
    public static TurboJpeg? Shared => LazyShared.Value;

    /// <summary>What packagers call the library; bare names are looked for beside Tessera and by the system.</summary>
    private static string[] FileNames =>
        OperatingSystem.IsWindows() ? ["turbojpeg.dll", "libturbojpeg.dll"]
        : OperatingSystem.IsMacOS() ?
        [
            "libturbojpeg.dylib",
            "/opt/homebrew/opt/jpeg-turbo/lib/libturbojpeg.dylib",
            "/usr/local/opt/jpeg-turbo/lib/libturbojpeg.dylib",
            "/opt/local/lib/libturbojpeg.dylib",
        ]
        : ["libturbojpeg.so.0", "libturbojpeg.so"];

    /// <summary>Loads the first library of these names that has the functions; null where there is none.</summary>
    public static TurboJpeg? Load(IEnumerable<string> fileNames)
    {
        foreach (string fileName in fileNames)
        {
            if (!NativeLibrary.TryLoad(fileName, typeof(TurboJpeg).Assembly, null, out nint library)) continue;
            try
            {
                return new TurboJpeg(library);
            }
            catch (EntryPointNotFoundException)
            {
                NativeLibrary.Free(library);
            }
        }
        return null;
    }

    /// <summary>Decodes a whole JPEG file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, of a kind that is not read, or over the limit.</exception>
    public Image Decode(ReadOnlySpan<byte> data, long maxPixels)
    {
        nint decoder = _initDecompress();
        if (decoder == 0) throw new InvalidDataException(ErrorText(decoder));
        try
        {
            fixed (byte* source = data)
            {
                CULong length = new((nuint)data.Length);
                int width = 0, height = 0, subsampling, colourspace = -1;
                int result = _decompressHeader(
                    decoder, source, length, &width, &height, &subsampling, &colourspace);
                // A subsampling of colour that the interface has no name for fails here, but can be decoded.
                if (width == 0 || colourspace < 0) Check(decoder, result);
                if (colourspace is ColourspaceCmyk or ColourspaceYcck)
                    throw new InvalidDataException("its colours are CMYK, made for print; convert it to RGB");
                int channels = colourspace == ColourspaceGrey ? 1 : 3;
                ImageFile.CheckSize(width, height, channels, maxPixels);

                Image image = Image.Black(width, height, channels);
                int format = channels == 1 ? PixelFormatGrey : PixelFormatRgb;
                fixed (byte* target = image.Pixels)
                    Check(decoder, _decompress(decoder, source, length, target, width, 0, height, format, LimitScans));
                return image;
            }
        }
        finally
        {
            _destroy(decoder);
        }
    }

    private void Check(nint decoder, int result)
    {
        if (result != 0) throw new InvalidDataException(ErrorText(decoder));
    }

    private string ErrorText(nint decoder) =>
        Marshal.PtrToStringUTF8((nint)_getErrorText(decoder)) ?? "libjpeg-turbo could not read it";
}
