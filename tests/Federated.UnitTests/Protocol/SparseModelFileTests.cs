using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CsCheck;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Protocol;

public sealed class SparseModelFileTests
{
    private static readonly ModelSchema Schema = new(
        [
            new TensorSpec("conv.weight", [2, 2, 2]),
            new TensorSpec("conv.bias", [2]),
            new TensorSpec("bn.running_mean", [2], TensorPart.Statistic, Trainable: false),
            new TensorSpec("bn.num_batches_tracked", [], TensorPart.Count, Trainable: false),
            new TensorSpec("fc.weight", [1, 4]),
        ],
        maskEpoch: 7,
        architecture: "tiny");

    // A grown weight is active and still zero: conv.weight[5].
    private static readonly ModelContent Model = new(Schema, [0, 2, 0, 0, 5, 0, 0, 8, -1, -2, 0, 0, 3, 0], [8, 9], [10]);

    private static readonly ModelMask Mask = ModelMask.Create(Schema, 7, [[1, 4, 5, 7], [2]]);

    [Fact]
    public void Read_WhatWriteMade_GivesModelAndMask()
    {
        byte[] file = SparseModelFile.Write(Model, Mask);

        ModelContent read = ModelFile.Read(file);

        Assert.Equal(Schema.HashText, read.Schema.HashText);
        Assert.Equal(Model.Parameters, read.Parameters);
        Assert.Equal(Model.Statistics, read.Statistics);
        Assert.Equal(Model.Counts, read.Counts);
        Assert.Equal(Mask.HashText, read.Mask?.HashText);
    }

    [Fact]
    public void Read_OverAModelInUse_LeavesNothingOfIt()
    {
        var over = new ModelContent(Schema, [.. Enumerable.Repeat(99f, Schema.ParameterCount)]);

        ModelContent read = ModelFile.Read(SparseModelFile.Write(Model, Mask), over);

        Assert.Same(over, read);
        Assert.Equal(Model.Parameters, read.Parameters);
    }

    [Fact]
    public void Write_ForeignReader_FindsPlainTensorsAndDenseShapes()
    {
        byte[] file = SparseModelFile.Write(Model, Mask);

        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, (int)BinaryPrimitives.ReadInt64LittleEndian(file)));
        JsonElement root = header.RootElement;

        Assert.Equal("""{"conv.weight":[2,2,2],"fc.weight":[1,4]}""", root.GetProperty("__metadata__").GetProperty("federated.sparse").GetString());
        Assert.Equal("""{"dtype":"I32","shape":[4],"data_offsets":[0,16]}""", root.GetProperty("conv.weight.indices").GetRawText());
        Assert.Equal("""{"dtype":"F32","shape":[4],"data_offsets":[16,32]}""", root.GetProperty("conv.weight.values").GetRawText());
        Assert.Equal("""{"dtype":"F32","shape":[2],"data_offsets":[32,40]}""", root.GetProperty("conv.bias").GetRawText());
        Assert.False(root.TryGetProperty("conv.weight", out _));
    }

    [Fact]
    public void NonZeros_OfAModel_AreThoseOfItsPrunableLayers() =>
        Assert.Equal(ModelMask.Create(Schema, 7, [[1, 4, 7], [2]]).HashText, SparseModelFile.NonZeros(Model).HashText);

    [Fact]
    public void Write_LayerThatIsWhollyActive_StaysDense()
    {
        ModelMask mask = ModelMask.Create(Schema, 7, [[1, 4, 5, 7], [0, 1, 2, 3]]);

        byte[] file = SparseModelFile.Write(Model, mask);

        Assert.Contains("\"fc.weight\":{", Encoding.UTF8.GetString(file), StringComparison.Ordinal);
        Assert.Equal(mask.HashText, ModelFile.Read(file).Mask?.HashText);
    }

    [Fact]
    public void Read_OfADenseFile_HasNoMask() => Assert.Null(ModelFile.Read(ModelFile.Write(Model)).Mask);

    [Fact]
    public void Write_MaskOfAnotherModel_IsRefused()
    {
        var other = new ModelSchema([new TensorSpec("fc.weight", [1, 4])]);

        Assert.Throws<ArgumentException>(() => SparseModelFile.Write(Model, ModelMask.Full(other, 0)));
    }

    [Theory]
    [InlineData(new[] { 0, 9 }, "Index 9 of sparse tensor 'a' follows 0")]
    [InlineData(new[] { 3, 1 }, "Index 1 of sparse tensor 'a' follows 3")]
    public void Read_HostileIndices_NameTheTensor(int[] indices, string expected)
    {
        byte[] file = Build(
            [new TensorSpec("a", [2, 2])],
            """ "a.indices":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"a.values":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}""",
            [indices[0], indices[1], 0, 0]);

        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => ModelFile.Read(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "a.indices":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"a.values":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}""", "as many I32 indices as F32 values")]
    [InlineData(""" "a.indices":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a.values":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}""", "F32[2] indices")]
    [InlineData(""" "a.indices":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}""", "'a.values' of the schema is missing")]
    public void Read_HalfATensor_SaysWhatIsMissing(string tensors, string expected)
    {
        byte[] file = Build([new TensorSpec("a", [2, 2])], tensors, [0, 1, 0, 0]);

        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => ModelFile.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SmallFileOfAHugeModel_TakesNoMemory()
    {
        byte[] file = Build(
            [new TensorSpec("a", [40_000, 40_000])],
            """ "a.indices":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"a.values":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}""",
            [0, 1, 0, 0]);

        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => ModelFile.Read(file));

        Assert.Contains("1600000000 parameters and the file 4 elements", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnyDamagedFile_ThrowsInvalidDataOrReads()
    {
        byte[] file = SparseModelFile.Write(Model, Mask);

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

    private static byte[] Build(TensorSpec[] tensors, string entries, int[] payload)
    {
        string schema = JsonSerializer.Serialize(Encoding.UTF8.GetString(new ModelSchema(tensors).ToJsonBytes()));
        byte[] json = Encoding.UTF8.GetBytes($$"""{"__metadata__":{"federated.schema":{{schema}},"federated.sparse":"{\"a\":[2,2]}"},{{entries}}}""");
        byte[] file = new byte[8 + json.Length + (4 * payload.Length)];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        for (int i = 0; i < payload.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(8 + json.Length + (4 * i)), payload[i]);
        }

        return file;
    }
}
