using Federated.DaprSidecar;

return await SidecarCommand.Create().Parse(args).InvokeAsync();
