using System.Net;
using Grpc.Core;

namespace Federated.DaprSidecar.Api;

/// <summary>Why a call of an app was refused, as both interfaces tell it.</summary>
internal sealed class ApiError(HttpStatusCode http, StatusCode grpc, string code, string message) : Exception(message)
{
    public HttpStatusCode Http => http;

    public string Code => code;

    public RpcException ToRpcException() => new(new Status(grpc, Message));
}
