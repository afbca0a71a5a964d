using System.Runtime.InteropServices;
using Federated.Client.Sessions;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Client;

public sealed class FiniteSectionsTests
{
    [Theory]
    [InlineData(1f, 2.0, null)]
    [InlineData(float.NaN, 2.0, SectionRole.Delta)]
    [InlineData(float.NegativeInfinity, 2.0, SectionRole.Delta)]
    [InlineData(1f, double.PositiveInfinity, SectionRole.Evaluation)]
    public void FirstNotFinite_Sections_NamesTheFirstBadOne(float single, double number, SectionRole? expected)
    {
        SectionSpec[] sections =
        [
            SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 2, SectionDenominator.Weight),
            SectionSpecs.Dense(SectionRole.Counts, SectionDType.I64, 1, SectionDenominator.None),
            SectionSpecs.Evaluation(),
        ];
        byte[] payload =
        [
            .. MemoryMarshal.AsBytes<float>([0f, single]),
            .. MemoryMarshal.AsBytes<long>([-1]),
            .. MemoryMarshal.AsBytes<double>([0.0, number, 1.0]),
        ];

        Assert.Equal(expected, FiniteSections.FirstNotFinite([.. sections.Select(SectionSpecs.DenseHeader)], payload));
    }
}
