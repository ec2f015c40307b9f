"""Benchmarks: ours against something real, measured in turn within one run, as ratios."""
