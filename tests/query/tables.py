"""Tables for the suite, in memory and as Parquet files."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .suite import VECTORS

__all__ = ["FileSuite", "ParquetWriter", "arrow"]


def arrow(columns: dict[str, Any]) -> pa.Table:
    arrays = []
    for values in columns.values():
        if isinstance(values, tuple):  # codes, and how many categories there are
            codes = pa.array(values[0], pa.int32())
            arrays.append(pa.DictionaryArray.from_arrays(codes, [f"c{code}" for code in range(values[1])]))
        elif any(isinstance(value, str) for value in values):
            arrays.append(pa.array(values, pa.string()))
        else:
            arrays.append(pa.array(values, pa.float64(), from_pandas=False))
    return pa.table(arrays, names=list(columns))


class ParquetWriter:
    """Writes tables as three files each, so that row numbers run across them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def __call__(self, columns: dict[str, Any]) -> list[Path]:
        table, number = arrow(columns), next(self._numbers)
        for place, field in enumerate(table.schema):
            if pa.types.is_dictionary(field.type):
                # Files know no order of categories but that of their names.
                words = [None if v is None else f"c{int(v[1:]):06d}" for v in table[field.name].to_pylist()]
                table = table.set_column(place, field.name, pa.array(words))
        paths = []
        width = max(7, -(-len(table) // 3))
        for start in range(0, max(1, len(table)), width):
            paths.append(self._folder / f"{number}-{start:09d}.parquet")
            pq.write_table(table.slice(start, width), paths[-1], row_group_size=5_000)
        return paths


class FileSuite:
    """What differs where rows are in files."""

    @pytest.mark.parametrize(
        "table", [t for t in VECTORS["tables"] if "category" not in (t["left"]["scale"], t["right"]["scale"])]
    )
    def test_the_shared_vectors_hold(self, engine_of: Any, table: Any) -> None:
        # A file does not say which categories there are beside those in it.
        numbers = {name: each for name, each in table["columns"].items() if each["categories"] is None}
        active = table["active"] if table["active"] and table["active"]["axis"]["column"] in numbers else None
        super().test_the_shared_vectors_hold(engine_of, {**table, "columns": numbers, "active": active})
