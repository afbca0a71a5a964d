using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Federated.Server.Identity;

/// <summary>
/// Checks access tokens, and remembers those that were good until they expire: a device sends the same one with each of its calls, and
/// verifying a signature costs more than all else that a small call does. Revocation is asked on every call all the same.
/// </summary>
internal sealed class VerifiedTokens(TimeProvider time) : TokenHandler
{
    /// <summary>Tokens of one generation. The older of two is forgotten when the younger is full, so memory stays bounded.</summary>
    private const int MostInAGeneration = 50_000;

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private ConcurrentDictionary<string, TokenValidationResult> _young = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, TokenValidationResult> _old = new(StringComparer.Ordinal);

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        if ((_young.TryGetValue(token, out var known) || _old.TryGetValue(token, out known))
            && time.GetUtcNow().UtcDateTime < known.SecurityToken.ValidTo)
        {
            return known;
        }

        var result = await _handler.ValidateTokenAsync(token, validationParameters);
        if (result.IsValid)
        {
            Remember(token, result);
        }

        return result;
    }

    public override SecurityToken ReadToken(string token)
    {
        return _handler.ReadToken(token);
    }

    private void Remember(string token, TokenValidationResult result)
    {
        if (_young.Count >= MostInAGeneration)
        {
            // Two threads may do it at once; then tokens are forgotten early, and verified once more.
            _old = _young;
            _young = new ConcurrentDictionary<string, TokenValidationResult>(StringComparer.Ordinal);
        }

        _young[token] = result;
    }
}
