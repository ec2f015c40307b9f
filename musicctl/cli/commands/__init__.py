"""Has a file for each command group, found by its name; what all groups share is in `cli` itself."""
