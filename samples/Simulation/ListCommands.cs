using System.CommandLine;
using System.Globalization;
using Federated.Aggregation.Robust.Catalog;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Pruning;
using Federated.Simulation.Attacks;
using Federated.Simulation.Data;
using Federated.Simulation.Devices;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;

namespace Federated.Samples.Simulation;

/// <summary><c>algorithms</c>, <c>datasets</c>, <c>models</c>, <c>partitions</c>, <c>rules</c>, <c>attacks</c>, <c>devices</c>, <c>selections</c> and <c>prunings</c>: what there is.</summary>
internal static class ListCommands
{
    public static Command Datasets() => Of(
        "datasets", "Lists the bundled data sets and the formats that can be read from a path.",
        [
            .. BundledDatasets.All.Select(dataset => (dataset.Name, dataset.Description)),
            ("idx", "MNIST family from a folder (train-images-..., t10k-...) or one images file, .gz or plain, any image size"),
            ("csv", "separated values, with or without a header; a folder gives each file as a site; train.csv and test.csv give a test part"),
            ("libsvm", "sparse 'label index:value ...' lines"),
            ("text", "plain text, next character; paragraphs 'NAME:' give speakers"),
        ]);

    public static Command Models() => Of(
        "models", "Lists the models.",
        [.. ModelZoo.Descriptions.Select(model => (model.Name, model.Options.Length == 0 ? model.Summary : $"{model.Summary} [--model-option {model.Options}]"))]);

    public static Command Partitions() => Of(
        "partitions", "Lists the ways of dealing examples to clients.", [.. Partitioner.All.Select(partition => (partition.Syntax, partition.Description))]);

    public static Command Algorithms() => Of(
        "algorithms", "Lists the federated algorithms and the parameters of their own.",
        [
            .. ServerAlgorithms.BuiltIn.All.Concat<IAlgorithmDescription>(AnarchicAlgorithms.BuiltIn.All).SelectMany(algorithm => (IEnumerable<(string, string)>)
            [
                (algorithm.Name, algorithm.Summary),
                .. algorithm.Parameters.Select(parameter => (
                    "", FormattableString.Invariant($"--algorithm-option {parameter.Name}={parameter.Default}: {parameter.Meaning}; {parameter.Range}"))),
            ]),
        ]);

    public static Command Prunings() => Of(
        "prunings", "Lists the ways of choosing the weights of a sparse model.", [.. PruningMethods.BuiltIn.Select(method => (method.Name, method.Summary))]);

    public static Command Rules() => Of(
        "rules", "Lists the aggregation rules and the pre-aggregations, with their parameters.",
        [
            ("mean", "weighted mean of the updates; nothing is retained"),
            .. RuleCatalog.Rules.Where(rule => rule.Name != "mean").Select(rule => (rule.Name, Describe(rule))),
            .. RuleCatalog.Mixings.Select(mixing => ($"{mixing.Name}+RULE", Describe(mixing))),
        ]);

    public static Command Attacks() => Of(
        "attacks", "Lists the attacks, with their parameters.",
        [.. AttackCatalog.Attacks.Select(attack => (attack.Name, attack.Summary + Describe(attack.Parameters)))]);

    public static Command Devices() => Of(
        "devices", "Lists the built-in device profiles.", [.. DeviceProfile.BuiltIn.Select(profile => (profile.Name, profile.Summary))]);

    public static Command Selections() => Of(
        "selections", "Lists the ways of picking the clients of a round, with their parameters and defaults.", [.. Coordination.Selection.Selections.All]);

    private static string Describe(RuleDescription rule) =>
        $"{rule.Summary}{(rule.Needs.Length > 0 ? $" Needs: {rule.Needs}" : "")}{Describe(rule.Parameters)}";

    private static string Describe(IReadOnlyList<RuleParameter> parameters) =>
        string.Concat(parameters.Select(parameter => string.Create(
            CultureInfo.InvariantCulture,
            $"; {parameter.Name} ({parameter.Range}{(parameter.Unit.Length > 0 ? $" {parameter.Unit}" : "")}, default {(parameter.Choices is { } choices ? choices[(int)parameter.Default] : parameter.Default)}): {parameter.Summary}")));

    private static Command Of(string name, string description, IReadOnlyList<(string Name, string Text)> rows)
    {
        var command = new Command(name, description);
        command.SetAction(_ =>
        {
            int width = rows.Max(row => row.Name.Length);
            foreach ((string item, string text) in rows)
            {
                Console.WriteLine($"{item.PadRight(width)}  {text}");
            }
        });
        return command;
    }
}
