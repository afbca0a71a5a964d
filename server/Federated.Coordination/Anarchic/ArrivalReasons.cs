namespace Federated.Coordination.Anarchic;

/// <summary>Why an update that arrived is discarded, in words. Shared with the simulator.</summary>
public static class ArrivalReasons
{
    /// <summary>One sentence.</summary>
    /// <param name="verdict">What the algorithm said; not <see cref="ArrivalVerdict.Buffered"/>.</param>
    public static string Of(ArrivalVerdict verdict) => $"The algorithm refused the update: {WordOf(verdict)}.";

    private static string WordOf(ArrivalVerdict verdict) => verdict switch
    {
        ArrivalVerdict.Duplicate => "it was taken before",
        ArrivalVerdict.Superseded => "a later one of the same device took its place",
        ArrivalVerdict.TooStale => "it is too many versions behind",
        ArrivalVerdict.VersionUnknown => "it claims a version that was never made",
        ArrivalVerdict.OtherMask => "it is under a mask from which nothing is carried to the present one",
        ArrivalVerdict.NoSteps => "it has no step",
        ArrivalVerdict.TooManySteps => "it claims too many steps",
        ArrivalVerdict.NoExamples => "it has no examples",
        ArrivalVerdict.NotFinite => "it is not finite",
        ArrivalVerdict.MemoryFull => "the memory of devices is full",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "An update with this verdict is not refused."),
    };
}
