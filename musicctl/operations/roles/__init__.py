"""Plans, syncs, pins, holds and explains roles; writes them through `runs`."""
