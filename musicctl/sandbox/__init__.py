"""The sandbox: an embedded Postgres, a local Auth0 tenant on real HTTP, and made-up listeners."""
