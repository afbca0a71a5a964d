using Federated.Aggregation.Robust.Catalog;

namespace Federated.UnitTests.Aggregation.Robust.Catalog;

public sealed class RuleCatalogTests
{
    [Theory]
    [InlineData("krumm", "There is no rule 'krumm'. There are: mean, median,")]
    [InlineData("nnn+krum", "There is no pre-aggregation 'nnn' for 'nnn+krum'. There are: nnm, bucketing,")]
    [InlineData("nnm", "'nnm' is a pre-aggregation: a rule must follow, as in 'nnm+mean'.")]
    [InlineData("krum+nnm", "There is no pre-aggregation 'krum'")]
    [InlineData("", "There is no rule ''.")]
    [InlineData("krum:radius=1", "'krum' has no setting 'radius'. It has none.")]
    [InlineData("centred-clipping:radios=1", "It has: radius, iterations.")]
    [InlineData("centred-clipping:radius", "'radius' in 'centred-clipping:radius' is no setting")]
    [InlineData("centred-clipping:radius=1,radius=2", "the setting radius is given twice")]
    [InlineData("centred-clipping:radius=-1", "'centred-clipping': radius is -1; it must be at least 1E-12.")]
    [InlineData("centred-clipping:iterations=1.5", "iterations is 1.5; it must be a whole number, 1 to 1000.")]
    [InlineData("flag:form=paper", "'flag': form is paper; it must be rescaled, normalised, raw.")]
    [InlineData("flag:iterations=11", "it must be a whole number, 1 to 10.")]
    [InlineData("bucketing+monna", "Rule 'monna' trusts one update")]
    public void TryCreate_WrongText_SaysWhatIsWrong(string text, string part)
    {
        string? fault = RuleCatalog.TryCreate(text, 1, out RobustRule? rule);

        Assert.Contains(part, fault, StringComparison.Ordinal);
        Assert.Null(rule);
    }

    [Fact]
    public void TryCreate_NegativeF_IsRefused() =>
        Assert.Contains("f is -1", RuleCatalog.TryCreate("krum", -1, out _), StringComparison.Ordinal);

    [Theory]
    [InlineData("median", 2, 4, "Rule 'median' with f = 2 needs at least 5 updates (2f < n); there are 4.")]
    [InlineData("median", 2, 5, null)]
    [InlineData("bulyan", 2, 10, "Rule 'bulyan' with f = 2 needs at least 11 updates (4f + 3 <= n); there are 10.")]
    [InlineData("bulyan", 2, 11, null)]
    [InlineData("bucketing:size=3+bulyan", 1, 18, "there are 6")]
    [InlineData("bucketing:size=3+bulyan", 1, 19, null)]
    [InlineData("nnm+mean", 3, 6, "Rule 'nnm' with f = 3 needs at least 7 updates")]
    [InlineData("mda", 15, 40, "would search 4.023E+10 subsets of 40 updates")]
    [InlineData("smea", 3, 15, null)]
    [InlineData("monna:pivot=7", 1, 7, "the pivot is 7; with 7 updates it is at most 6")]
    [InlineData("flag", 9, 0, "there is no update")]
    [InlineData("flag", 9, 1, null)]
    public void Fault_NumberOfUpdates_IsNamed(string text, int byzantine, int updates, string? part)
    {
        string? fault = RuleCatalog.Create(text, byzantine).Fault(updates);

        Assert.Equal(part is null, fault is null);
        Assert.Contains(part ?? "", fault ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mean", RuleFamily.Linear)]
    [InlineData("arc+mean", RuleFamily.Gram)]
    [InlineData("nnm+krum", RuleFamily.Gram)]
    [InlineData("median", RuleFamily.Coordinate)]
    [InlineData("nnm+median", RuleFamily.Composite)]
    [InlineData("bulyan", RuleFamily.Composite)]
    public void Family_WithPreAggregations_IsWhatTheWholeNeeds(string text, RuleFamily family) =>
        Assert.Equal(family, RuleCatalog.Create(text, 1).Family);

    [Fact]
    public void Rules_EachOne_IsDescribed()
    {
        Assert.Equal(19, RuleCatalog.Rules.Count);
        Assert.Equal(4, RuleCatalog.Mixings.Count);
        Assert.All(RuleCatalog.Rules, rule =>
        {
            Assert.NotEmpty(rule.Summary);
            Assert.NotEmpty(rule.Needs);
            Assert.NotEmpty(rule.Score);
            Assert.All(rule.Parameters, parameter => Assert.InRange(parameter.Default, parameter.Least, parameter.Most));
        });
    }

    [Fact]
    public void TryCreate_ExponentWithSign_IsANumber() =>
        Assert.Equal(["clipping", "arc"], RuleCatalog.Create("clipping:bound=1e+3+arc+mean", 1).Mixings.Select(mixing => mixing.Name));
}
