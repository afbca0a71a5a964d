namespace Federated.Protocol.Codecs;

/// <summary>What becomes of the part that a compressor leaves out. In the rules g is the local difference and C the compressor.</summary>
public enum FeedbackKind
{
    /// <summary>It is lost: the client sends C(g).</summary>
    None = 0,

    /// <summary>Classical error feedback: sends C(e + g), keeps e ← e + g − C(e + g).</summary>
    Classical,

    /// <summary>EF21: sends C(g − h), keeps h ← h + C(g − h); the server steps on the mean of h.</summary>
    Ef21,

    /// <summary>EF21-SGDM: as EF21 with v ← (1 − b) v + b g in the place of g.</summary>
    Ef21Momentum,

    /// <summary>EControl: sends C(ηe + g − h), keeps e ← e + g − h − C(·) and h ← h + C(·); the server steps on the mean of h.</summary>
    EControl,
}
