"""Engines that do not know us open a run folder with one line, and count its NaN right."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from undertow.record import Run
from undertow.store import load

N, NANS = 5000, 100


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs; in the first every fiftieth loss is NaN, one is inf, one is missing."""
    root = tmp_path_factory.mktemp("runs")
    with Run(root, name="first") as run:
        for step in range(N):
            loss = float("nan") if step % (N // NANS) == 0 else math.sin(step)
            run.log({"loss": math.inf if step == 1 else None if step == 2 else loss, "val.acc": step})
        floats = np.full((2, 5), np.nan, np.float32)
        run.record_layers(0, 0, ("ü/kernel", "b"), (6, 2), floats, np.ones((2, 2), np.int64))
    with Run(root, name="second") as run:
        run.log(loss=0.5, note="ü")
    return root


def test_ours_counts_them_right(runs: Path) -> None:
    loss = load(runs).steps.to_arrow()["loss"]
    assert pc.sum(pc.is_nan(loss)).as_py() == NANS
    assert loss.null_count == 1


def test_pyarrow(runs: Path) -> None:
    first = next(runs.glob("first*/steps/*.parquet"))
    assert pc.sum(pc.is_nan(pq.read_table(first)["loss"])).as_py() == NANS
    assert ds.dataset(first).count_rows(filter=pc.is_nan(ds.field("loss"))) == NANS
    assert ds.dataset(first).count_rows(filter=ds.field("loss") > 2) == 1


def test_duckdb(runs: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    steps = f"read_parquet('{runs}/*/steps/*.parquet', union_by_name=true)"
    assert duckdb.sql(f"SELECT count(*) FROM {steps}").fetchall()[0] == (N + 1,)
    assert duckdb.sql(f"SELECT count(*) FROM {steps} WHERE isnan(loss)").fetchall()[0] == (NANS,)
    assert duckdb.sql(f"SELECT count(*) FROM {steps} WHERE loss = 'nan'::DOUBLE").fetchall()[0] == (NANS,)
    assert duckdb.sql(f"SELECT count(*) FROM {steps} WHERE loss IS NULL").fetchall()[0] == (1,)
    assert duckdb.sql(f"SELECT max(step), min(run) FROM {steps}").fetchall()[0][0] == N - 1
    layers = f"read_parquet('{runs}/*/layers/*.parquet')"
    assert duckdb.sql(f"SELECT count(*) FROM {layers} WHERE isnan(sum)").fetchall()[0] == (2,)


def test_polars(runs: Path) -> None:
    steps = pl.scan_parquet(runs / "*" / "steps" / "*.parquet", missing_columns="insert", extra_columns="ignore")
    assert steps.filter(pl.col("loss").is_nan()).collect().height == NANS
    first = pl.read_parquet(next(runs.glob("first*")) / "steps" / "*.parquet")
    assert first.filter(pl.col("loss").is_nan()).height == NANS
    assert first["loss"].null_count() == 1


def test_pandas(runs: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(next(runs.glob("first*")) / "steps")
    assert len(frame) == N
    # pandas keeps NaN and null apart no more.
    assert frame["loss"].isna().sum() == NANS + 1


@pytest.mark.slow
def test_pyspark(runs: Path, spark: Any) -> None:
    steps = spark.read.option("mergeSchema", "true").parquet(f"{runs}/*/steps/*.parquet")
    assert steps.count() == N + 1
    assert steps.where("isnan(loss)").count() == NANS
    assert steps.where("loss = double('nan')").count() == NANS
    assert steps.where("loss is null").count() == 1
    assert {row["run"][:5] for row in steps.select("run").distinct().collect()} == {"first", "secon"}
