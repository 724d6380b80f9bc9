namespace Tessera.Data;

/// <summary>A data set that can be downloaded (<see cref="CifarDownload"/>) is missing or damaged.</summary>
public sealed class DataSetException : InputException
{
    internal DataSetException(string message) : base(message)
    {
    }

    internal DataSetException(string message, Exception cause) : base(message, cause)
    {
    }
}
