"""HTTP to Claude and GitHub: credentials, the OIDC token, the direct client, the SDK, retry, rate limit, responses."""
