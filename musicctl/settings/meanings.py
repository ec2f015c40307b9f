"""What each setting means, in one line: for the help, and for whoever writes a file of settings."""

MEANINGS = {
    "database_url": "the app's Postgres; a socket's folder goes into ?host=; several hosts work as in psql",
    "database_read_url": "a replica of it, to read long listings from",
    "auth0_domain": "the tenant, as a domain or a whole URL; http only on loopback",
    "auth0_client_id": "the machine-to-machine application",
    "auth0_client_secret": "its secret",
    "auth0_private_key": "in place of the secret, the key that it signs with, in PEM form",
    "auth0_audience": "the Management API; set it when auth0_domain is a custom domain",
    "role": "the role that is earned",
    "threshold": "the plays that earn it",
    "plays_query": "a SELECT of (user_id, plays), one row for each user",
    "mirror_max_age": "when the mirror of the tenant is refreshed: 30s, 15m, 24h, 7d",
    "max_revoke": "the most of its holders that may lose the role within 24 hours;"
    " as a percentage, 5 always may",
    "max_grant": "the most that one run may grant, measured against the holders;"
    " as a percentage, 50 always may",
    "min_source": "the least that plays may shrink to between two syncs:"
    " users with known plays, and all plays",
    "min_tenant": "the least that the tenant may shrink to between two syncs, in users",
    "guard_promote": "whether max_revoke counts what promote, grant and revoke took away with nobody present",
    "rate": "what is used up of the tenant's rate limit at most; or requests a second",
    "settle": "how long to wait before looking what became of a write whose reply was lost",
    "freshness": "how old a read may be when its write leaves; what others edit within it may be"
    " lost, and a tenant that takes longer to answer needs more",
    "threads": "requests under way at once",
    "token_audience": "whom listeners' tokens are for: the app's API",
    "token_algorithm": "how listeners' tokens are signed: RS256 or HS256",
    "token_secret": "for HS256, the secret of the application that listeners log in to",
    "token_secret_base64": "whether that secret is written in base64url, as those of old applications are",
    "claim_namespace": "what stands before /roles in the name of the claim with the roles",
}
