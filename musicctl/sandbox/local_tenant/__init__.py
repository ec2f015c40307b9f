"""The local tenant: the parts of Auth0 that musicctl uses, on loopback, with its state in SQLite."""
