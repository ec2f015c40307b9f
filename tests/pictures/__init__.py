"""The README's pictures, drawn of real runs on a terminal; `python -m tests.pictures` makes them anew."""
