using Federated.Protocol.Codecs;

namespace Federated.UnitTests.Protocol.Codecs;

public sealed class CompressionSpecTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("topk:0.01")]
    [InlineData("topk:0.01:layer+econtrol")]
    [InlineData("topk:0.05+q4+econtrol")]
    [InlineData("randk:0.1+q4s:64+ef21")]
    [InlineData("sign+ef21")]
    [InlineData("sign:1024+ec")]
    [InlineData("q4")]
    [InlineData("q8s:1024")]
    [InlineData("q1:0+econtrol")]
    [InlineData("lowrank:2+ef21-sgdm")]
    [InlineData("svd:4")]
    [InlineData("f16")]
    [InlineData("bf16+ef21")]
    public void Parse_EveryForm_WritesItselfAgain(string text) => Assert.Equal(text, CompressionSpec.Parse(text).ToString());

    [Fact]
    public void Parse_TwoStagesAndFeedback_HasThemAll()
    {
        var spec = CompressionSpec.Parse("topk:0.05:layer+q4s:64+ef21-sgdm");

        Assert.Equal(
            new CompressionSpec
            {
                Kind = CompressorKind.TopK,
                Ratio = 0.05,
                PerLayer = true,
                Bits = 4,
                Stochastic = true,
                Block = 64,
                Feedback = FeedbackKind.Ef21Momentum,
            },
            spec);
        Assert.True(spec.IsActive && spec.TracksEstimates);
    }

    [Theory]
    [InlineData("", "compressor ''")]
    [InlineData("topk", "compressor 'topk'")]
    [InlineData("topk:0", "ratio '0'")]
    [InlineData("topk:1.01", "ratio '1.01'")]
    [InlineData("topk:nan", "ratio 'nan'")]
    [InlineData("topk:0.1:layers", "compressor 'topk:0.1:layers'")]
    [InlineData("q9", "quantiser 'q9'")]
    [InlineData("q1s", "quantiser 'q1s'")]
    [InlineData("q4:7", "block '7'")]
    [InlineData("q4:1048560", "block '1048560'")]
    [InlineData("lowrank:0", "rank '0'")]
    [InlineData("q4+momentum", "feedback 'momentum'")]
    [InlineData("q4+ef21+ec", "'ec' is too much")]
    [InlineData("none+ef21", "nothing to feed back")]
    public void TryParse_Malformed_NamesThePart(string text, string part)
    {
        Assert.Null(CompressionSpec.TryParse(text, out string error));
        Assert.Contains(part, error, StringComparison.Ordinal);
    }
}
