using System.CommandLine;

namespace Federated.Samples.Simulation;

/// <summary>The options of a run. None has a default of its own: what is not given comes from the job file, or from the kind of the data.</summary>
internal sealed class RunOptions
{
    public Option<string?> Dataset { get; } = new("--dataset") { Description = "Bundled data set (see 'datasets') or path of a file or folder. Default: digits", HelpName = "NAME|PATH" };

    public Option<string?> TestDataset { get; } = new("--test-dataset") { Description = "File with the test examples, in the same format. Default: the data set's own test files, or a held-out part", HelpName = "PATH" };

    public Option<string?> Format { get; } = new("--format") { Description = "Format of the files. Default: told from their names", HelpName = "idx|csv|libsvm|text" };

    public Option<string?> Label { get; } = new("--label") { Description = "CSV: label column by name, 1-based number or 'last', with an optional threshold that makes two classes (>, >=, <, <=, ==). Default: last", HelpName = "COLUMN[:>THRESHOLD]" };

    public Option<string?> Missing { get; } = new("--missing") { Description = "CSV: token of a missing value, and whether the training part's median stands in (default) or the line is left out", HelpName = "TOKEN[:median|drop]" };

    public Option<string[]> Ignore { get; } = new("--ignore") { Description = "CSV: column to leave out, by name or 1-based number; may be repeated", HelpName = "COLUMN", AllowMultipleArgumentsPerToken = true };

    public Option<string?> Header { get; } = new("--header") { Description = "CSV: whether the first line holds names. Default: auto", HelpName = "auto|yes|no" };

    public Option<string?> Separator { get; } = new("--separator") { Description = "CSV: character between cells, 'tab' or 'space'. Default: found from the first lines", HelpName = "CHARACTER" };

    public Option<string?> Image { get; } = new("--image") { Description = "CSV, LIBSVM: the features are the pixels of an image of this size", HelpName = "HxW|CxHxW" };

    public Option<int?> SequenceLength { get; } = new("--sequence-length") { Description = "Text: characters of an example. Default: 80", HelpName = "CHARACTERS" };

    public Option<double?> TestFraction { get; } = new("--test-fraction") { Description = "Share of the examples held out for the test, in (0, 1), when there are no test files. Default: 0.2", HelpName = "SHARE" };

    public Option<string?> Scale { get; } = new("--scale") { Description = "Scaling with statistics of the training part: auto (images by channel, CSV by feature), none, standard (by feature). Default: auto", HelpName = "auto|none|standard" };

    public Option<string?> Partition { get; } = new("--partition") { Description = "How examples are dealt to clients (see 'partitions'). Default: dirichlet:0.3; site for folders of CSVs; speaker for text", HelpName = "PARTITION" };

    public Option<string?> Pretrain { get; } = new("--pretrain") { Description = "Public examples, which the server has and no client, and the steps that it trains the initial model with. Default: none", HelpName = "EXAMPLES:STEPS" };

    public Option<int?> Clients { get; } = new("--clients") { Description = "Number of clients; for column, speaker and site the N largest. Default: 100; all of column, speaker and site", HelpName = "N" };

    public Option<int?> MinExamples { get; } = new("--min-examples") { Description = "Column, speaker, site: clients with fewer training examples are left out. Default: 1", HelpName = "EXAMPLES" };

    public Option<int?> Cohort { get; } = new("--cohort") { Description = "Clients of a round. Default: 20, or all if fewer", HelpName = "N" };

    public Option<int?> Rounds { get; } = new("--rounds") { Description = "Training rounds. Default: 30 (digits 100, libsvm 60)", HelpName = "N" };

    public Option<string?> Model { get; } = new("--model") { Description = "Model (see 'models'). Default: cnn for digits, lenet for idx, logistic for csv and libsvm, charlstm for text", HelpName = "NAME" };

    public Option<string[]> ModelOption { get; } = new("--model-option") { Description = "Choice inside the model, such as norm=group or hidden=64; may be repeated", HelpName = "NAME=VALUE", AllowMultipleArgumentsPerToken = true };

    public Option<string?> Algorithm { get; } = new("--algorithm") { Description = "Federated algorithm (see 'algorithms'). Default: fedavg", HelpName = "NAME" };

    public Option<string[]> AlgorithmOption { get; } = new("--algorithm-option") { Description = "Parameter of the algorithm (see 'algorithms'), such as proximal=0.01; may be repeated", HelpName = "NAME=NUMBER", AllowMultipleArgumentsPerToken = true };

    public Option<int?> LocalEpochs { get; } = new("--local-epochs") { Description = "Passes of a client over its examples in a round; excludes --local-steps. Default: by the data", HelpName = "EPOCHS" };

    public Option<int?> LocalSteps { get; } = new("--local-steps") { Description = "Optimizer steps of a client in a round; excludes --local-epochs", HelpName = "STEPS" };

    public Option<int?> Batch { get; } = new("--batch") { Description = "Examples per local step; 0 for all. Default: by the data", HelpName = "EXAMPLES" };

    public Option<double?> LearningRate { get; } = new("--lr") { Description = "Local learning rate, above 0. Default: by data and model", HelpName = "RATE" };

    public Option<double?> Momentum { get; } = new("--momentum") { Description = "Local momentum, in [0, 1). Default: 0 (text: 0.9)", HelpName = "SHARE" };

    public Option<double?> WeightDecay { get; } = new("--weight-decay") { Description = "Local L2 weight decay, at least 0. Default: 0", HelpName = "COEFFICIENT" };

    public Option<double?> ClipNorm { get; } = new("--clip-norm") { Description = "Largest L2 norm of a mini-batch gradient; 0 for no bound. Default: by data and model", HelpName = "NORM" };

    public Option<string?> ServerOptimizer { get; } = new("--server-optimizer") { Description = "Server optimizer. Default: sgd", HelpName = "sgd|momentum|adam|yogi|adagrad" };

    public Option<double?> ServerLearningRate { get; } = new("--server-lr") { Description = "Server learning rate, above 0. Default: 1 for sgd and momentum, 0.1 for adam and adagrad, 0.01 for yogi", HelpName = "RATE" };

    public Option<double?> ServerMomentum { get; } = new("--server-momentum") { Description = "Server momentum (beta 1), in [0, 1). Default: 0.9 for momentum, adam and yogi", HelpName = "SHARE" };

    public Option<string?> Aggregation { get; } = new("--aggregation") { Description = "Aggregation rule (see 'rules'), such as flag, krum or nnm+trimmed-mean. Default: mean", HelpName = "RULE" };

    public Option<int?> AggregationF { get; } = new("--aggregation-f") { Description = "f: updates of a round that the rule takes to be arbitrary. Default: 0", HelpName = "UPDATES" };

    public Option<string?> Exchange { get; } = new("--exchange") { Description = "What several nodes tell each other under a rule other than the mean. Default: exact", HelpName = "exact|sketch" };

    public Option<double?> SketchError { get; } = new("--sketch-error") { Description = "Standard error of inner products from sketches, as a part of the two norms, 0.001 to 1. Default: 0.01", HelpName = "PART" };

    public Option<string?> Weighting { get; } = new("--weighting") { Description = "Whether an update counts by its examples or once. Default: examples", HelpName = "examples|uniform" };

    public Option<string?> Compression { get; } = new("--compression") { Description = "Compressor and feedback of the uploads, such as topk:0.01+econtrol, q4 or sign+ef21 (docs/codecs.md). Default: none", HelpName = "SPEC" };

    public Option<string?> CompressionDown { get; } = new("--compression-down") { Description = "Compressor of the models that clients download, such as topk:0.05 or q8; what it leaves out is sent later (docs/codecs.md). Default: none", HelpName = "SPEC" };

    public Option<double?> CompressionEta { get; } = new("--compression-eta") { Description = "Eta of econtrol, at least 0. Default: half of the compressor's contraction", HelpName = "ETA" };

    public Option<double?> CompressionMomentum { get; } = new("--compression-momentum") { Description = "b of ef21-sgdm, in (0, 1]. Default: 0.2", HelpName = "SHARE" };

    public Option<string?> CompressionStart { get; } = new("--compression-start") { Description = "How a client without state begins: one uncompressed difference, or zero. Default: dense", HelpName = "dense|zero" };

    public Option<string?> Pruning { get; } = new("--pruning") { Description = "How the active weights of a sparse model are chosen (see 'prunings'). Default: none", HelpName = "METHOD" };

    public Option<double?> Density { get; } = new("--density") { Description = "Pruning: active weights as a share of those of convolutions and linear layers, in (0, 1]. Default: 0.01", HelpName = "SHARE" };

    public Option<int?> PruningCandidates { get; } = new("--pruning-candidates") { Description = "Pruning: masks among which the clients find the best before the first round. Default: 10", HelpName = "N" };

    public Option<double?> PruningAlpha { get; } = new("--pruning-alpha") { Description = "Pruning: share of a layer's active weights that the first adjustments move, in (0, 1]. Default: 0.3", HelpName = "SHARE" };

    public Option<int?> PruningEvery { get; } = new("--pruning-every") { Description = "Pruning: rounds from one adjustment of the mask to the next. Default: 10", HelpName = "ROUNDS" };

    public Option<int?> PruningStop { get; } = new("--pruning-stop") { Description = "Pruning: the last round after which the mask may change; 0 for never. Default: 100", HelpName = "ROUND" };

    public Option<int?> PruningBlocks { get; } = new("--pruning-blocks") { Description = "Pruning: blocks of layers, of which an adjustment takes one. Default: 5", HelpName = "N" };

    public Option<string?> PruningStale { get; } = new("--pruning-stale") { Description = "Pruning, asynchronous algorithms: what becomes of an update from under an earlier mask; remap counts it by index. Default: remap", HelpName = "refuse|remap" };

    public Option<string?> PruningGradientValues { get; } = new("--pruning-gradient-values") { Description = "Pruning: how clients send the gradients of an adjustment; f16 has a common scale. Default: f32", HelpName = "f32|f16" };

    public Option<double?> OverSelection { get; } = new("--over-selection") { Description = "Clients asked, as a multiple of the cohort, in [1, 10]; the first of them are counted. Default: 1", HelpName = "FACTOR" };

    public Option<int?> MinReports { get; } = new("--min-reports") { Description = "Updates below which a round is abandoned. Default: 1", HelpName = "UPDATES" };

    public Option<double?> DropOut { get; } = new("--dropout") { Description = "Probability that a client vanishes in the middle of a round, in [0, 1). Default: 0", HelpName = "PROBABILITY" };

    public Option<string?> Devices { get; } = new("--devices") { Description = "Devices of the clients: a built-in profile (see 'devices') or a JSON file with one. Time is then simulated. Default: none for algorithms with rounds, uniform for asynchronous ones", HelpName = "NAME|FILE" };

    public Option<int?> Concurrency { get; } = new("--concurrency") { Description = "Asynchronous algorithms (afa-cd, afa-cs, fedbuff, fedasync): clients that work at the same time. Default: 20, or all if fewer", HelpName = "N" };

    public Option<string?> Selection { get; } = new("--selection") { Description = "How the clients of a round are picked (see 'selections'), such as oort:exploration=0.5. Default: uniform", HelpName = "NAME[:PARAMS]" };

    public Option<string?> Attack { get; } = new("--attack") { Description = "What the attackers among the clients do (see 'attacks'), such as alie:tau=1.5 or label-flip. Default: none", HelpName = "ATTACK" };

    public Option<int?> Byzantine { get; } = new("--byzantine") { Description = "Number of attackers among the clients; also the default of --aggregation-f for rules other than mean. Default: 0", HelpName = "CLIENTS" };

    public Option<ulong?> Seed { get; } = new("--seed") { Description = "Decides every random draw; the same seed gives the same result bit for bit, whatever --workers. Default: 1", HelpName = "SEED" };

    public Option<int?> Workers { get; } = new("--workers") { Description = "Training threads, each with one instance of the model. Default: the number of cores", HelpName = "THREADS" };

    public Option<int?> Nodes { get; } = new("--nodes") { Description = "Nodes of the aggregation tier. Default: 1", HelpName = "COUNT" };

    public Option<string?> Device { get; } = new("--device") { Description = "Where models are trained; without CUDA the CPU stands in, and a line says so. Default: cpu", HelpName = "cpu|cuda|cuda:N|auto" };

    public Option<string?> Kernels { get; } = new("--kernels") { Description = "Pruning: what masked models are computed with; auto decides by multiply-adds and density, the same on every run. Default: auto", HelpName = "auto|sparse|dense" };

    public Option<double?> TargetAccuracy { get; } = new("--target-accuracy") { Description = "The run ends when the test accuracy reaches this, in (0, 1]", HelpName = "SHARE" };

    public Option<int?> EvaluateEvery { get; } = new("--eval-every") { Description = "Rounds between evaluations on the test part; the last round is always evaluated. Default: 1", HelpName = "ROUNDS" };

    public Option<string[]> Statistics { get; } = new("--statistics") { Description = "Pooled statistics of the clients' data that are taken before the first round: features, labels, batch_norm; may be repeated. Default: none", HelpName = "KIND", AllowMultipleArgumentsPerToken = true };

    public Option<int?> StatisticsEvery { get; } = new("--statistics-every") { Description = "Rounds between statistics; 0 for before the first round only. Default: 0", HelpName = "ROUNDS" };

    public Option<string?> Output { get; } = new("--output") { Description = "Result folder. Default: results/DATASET-MODEL-ALGORITHM, numbered when it exists", HelpName = "DIR" };

    public Option<string?> Job { get; } = new("--job") { Description = "Job definition (JSON) to start from; flags win over it", HelpName = "FILE" };

    public Option<bool> Plain { get; } = new("--plain") { Description = "Plain lines even on a terminal" };

    public IEnumerable<Option> All =>
    [
        Dataset, TestDataset, Format, Label, Missing, Ignore, Header, Separator, Image, SequenceLength, TestFraction, Scale,
        Partition, Pretrain, Clients, MinExamples, Cohort, Rounds, Model, ModelOption, Algorithm, AlgorithmOption,
        LocalEpochs, LocalSteps, Batch, LearningRate, Momentum, WeightDecay, ClipNorm,
        ServerOptimizer, ServerLearningRate, ServerMomentum, Aggregation, AggregationF, Exchange, SketchError, Weighting,
        Compression, CompressionDown, CompressionEta, CompressionMomentum, CompressionStart,
        Pruning, Density, PruningCandidates, PruningAlpha, PruningEvery, PruningStop, PruningBlocks, PruningStale, PruningGradientValues, OverSelection, MinReports,
        DropOut, Devices, Concurrency, Selection, Attack, Byzantine, Seed, Workers, Nodes, Device, Kernels, TargetAccuracy, EvaluateEvery, Statistics, StatisticsEvery, Output, Job, Plain,
    ];
}
