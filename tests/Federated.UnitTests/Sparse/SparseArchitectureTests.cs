using System.Text;
using Federated.Client.Sparse;

namespace Federated.UnitTests.Sparse;

public sealed class SparseArchitectureTests
{
    [Fact]
    public void Parse_WhatToJsonBytesWrote_GivesTheSameLayers()
    {
        SparseArchitecture architecture = SparseModels.Residual();

        SparseArchitecture read = SparseArchitecture.Parse(architecture.ToJsonBytes());

        Assert.Equal(architecture.Shapes(), read.Shapes());
        Assert.Equal(architecture.ToJsonBytes(), read.ToJsonBytes());
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("""{"channels":1,"layers":[]}""")]
    [InlineData("""{"channels":1,"layers":[null]}""")]
    [InlineData("""{"channels":0,"layers":[{"kind":"Relu"}]}""")]
    [InlineData("""{"channels":1,"layers":[{"kind":"Relu","inputs":[0]}]}""")]
    [InlineData("""{"channels":1,"layers":[{"kind":"Relu","inputs":[-2]}]}""")]
    [InlineData("""{"channels":1,"layers":[{"kind":"Add"}]}""")]
    [InlineData("""{"channels":1,"layers":[{"kind":"Convolution","outputs":1,"kernel":3}]}""")]
    [InlineData("""{"channels":1,"height":4,"width":4,"layers":[{"kind":"Convolution","outputs":1,"kernel":3,"padding":3}]}""")]
    [InlineData("""{"channels":1,"height":4,"width":4,"layers":[{"kind":"Convolution","outputs":1,"kernel":3,"stride":0}]}""")]
    [InlineData("""{"channels":1,"height":4,"width":4,"layers":[{"kind":"Linear","outputs":1}]}""")]
    [InlineData("""{"channels":1048576,"height":1048576,"width":4,"layers":[{"kind":"Flatten"}]}""")]
    [InlineData("""{"channels":1,"layers":[{"kind":"Dropout"}]}""")]
    public void Parse_WhatCannotBeRun_IsRefused(string json)
    {
        Assert.Throws<InvalidDataException>(() => SparseArchitecture.Parse(Encoding.UTF8.GetBytes(json)));
    }
}
