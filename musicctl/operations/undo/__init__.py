"""Takes a run back, with a file for each kind of change; writes as `roles` and `names` do."""
