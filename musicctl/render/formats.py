"""The formats that data is printed in, and what a row of it is."""

from collections.abc import Sequence
from enum import Enum

Row = Sequence[object]


class Format(Enum):
    """How data is printed: `table` is for people, the others are for machines."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    IDS = "ids"
