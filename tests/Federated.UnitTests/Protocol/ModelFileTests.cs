using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Protocol;

public sealed class ModelFileTests
{
    private static readonly ModelSchema Schema = new(
        [
            new TensorSpec("conv.weight", [2, 3]),
            new TensorSpec("bn.running_mean", [2], TensorPart.Statistic, TensorScope.Local, Trainable: false),
            new TensorSpec("bn.num_batches_tracked", [], TensorPart.Count, TensorScope.Local, Trainable: false),
            new TensorSpec("fc.bias", [1]),
        ],
        maskEpoch: 3,
        architecture: "tiny");

    private static readonly ModelContent Model = new(Schema, [1, 2, 3, 4, 5, 6, 7], [8, 9], [10]);

    [Fact]
    public void Read_WhatWriteMade_GivesTheSameModel()
    {
        byte[] file = ModelFile.Write(Model);

        ModelContent read = ModelFile.Read(file);

        Assert.Equal(ModelFile.SizeOf(Schema), file.Length);
        Assert.Equal(Schema.HashText, read.Schema.HashText);
        Assert.Equal(Schema.Tensors, read.Schema.Tensors);
        Assert.Equal(3, read.Schema.MaskEpoch);
        Assert.Equal("tiny", read.Schema.Architecture);
        Assert.Equal(Model.Parameters, read.Parameters);
        Assert.Equal(Model.Statistics, read.Statistics);
        Assert.Equal(Model.Counts, read.Counts);
    }

    [Fact]
    public void Write_TheParameters_AreOneRunOfBytesAlignedToEight()
    {
        byte[] file = ModelFile.Write(Model);
        int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);

        Assert.Equal(0, start % 8);
        for (int i = 0; i < Model.Parameters.Length; i++)
        {
            Assert.Equal(Model.Parameters[i], BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(start + (4 * i))));
        }
    }

    [Fact]
    public void Read_FileOfAnotherWriter_InfersParametersAndCounts()
    {
        byte[] file = Build("""{"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 16);

        ModelContent read = ModelFile.Read(file);

        Assert.Equal(["a", "b"], read.Schema.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(2, read.Parameters.Length);
        Assert.Single(read.Counts);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "more than the file holds")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", "needs 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "offsets are [8,16] of 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "more than the file holds")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", "more than the file holds")]
    [InlineData("""{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}""", "dtype 'F99'")]
    [InlineData("""{"a":{"dtype":"F32"}}""", "malformed")]
    [InlineData("""[1]""", "malformed")]
    [InlineData("""{"a":""", "malformed")]
    [InlineData("""{"__metadata__":{"federated.schema":"{\"version\":1,\"maskEpoch\":0,\"tensors\":[]}"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "1 tensors, its schema 0")]
    public void Read_BrokenHeader_SaysWhatIsWrong(string header, string expected)
    {
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ModelFile.Read(Build(header, 8)));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnyDamagedFile_ThrowsInvalidDataOrReads()
    {
        byte[] file = ModelFile.Write(Model);

        Gen.Select(Gen.Int[0, file.Length - 1], Gen.Byte, Gen.Int[0, file.Length]).Sample((position, value, length) =>
        {
            byte[] damaged = file[..length];
            if (position < length)
            {
                damaged[position] = value;
            }

            try
            {
                ModelFile.Read(damaged);
            }
            catch (InvalidDataException)
            {
            }
        });
    }

    [Fact]
    public void Hash_OfAnEqualSchema_IsEqual_OfAnotherOrder_IsNot()
    {
        var same = new ModelSchema(Schema.Tensors, 3, "tiny");
        var reordered = new ModelSchema(Schema.Tensors.Reverse(), 3, "tiny");

        Assert.Equal(Schema.HashText, same.HashText);
        Assert.NotEqual(Schema.HashText, reordered.HashText);
    }

    [Fact]
    public void Schema_DuplicateName_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new ModelSchema([new TensorSpec("a", [1]), new TensorSpec("a", [2])]));

    private static byte[] Build(string header, int payload)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + json.Length + payload];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        return file;
    }
}
