"""The engine of a cluster, on a real one, against the suite of all engines; and a cluster's own troubles."""

from __future__ import annotations

import datetime as dt
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cluster import Cluster
from undertow.errors import CancelledError, QueryError
from undertow.query import DuckEngine, Ticket
from undertow.query import spark as spark_module
from undertow.query._questions import Binning, ColumnFilter, CubeQuery, Filters, RowsQuery, Step
from undertow.query.spark import SparkEngine

from .suite import EngineSuite, properties
from .tables import FileSuite, ParquetWriter

pytestmark = pytest.mark.slow


class TestOnACluster(FileSuite, EngineSuite, properties(3, shrink=False)):
    @pytest.fixture
    def engine_of(self, tmp_path: Path, spark: Any) -> Any:
        write = ParquetWriter(tmp_path)
        return lambda columns: SparkEngine(write(columns), spark)


def many_files(folder: Path, files: int, rows: int) -> list[Path]:
    rng = np.random.default_rng(7)
    paths = []
    for number in range(files):
        x = rng.normal(size=rows)
        x[::1000] = np.nan
        table = pa.table({"x": x, "y": x + rng.normal(size=rows), "k": rng.choice(["a", "b", "c"], rows)})
        paths.append(folder / f"{number:04d}.parquet")
        pq.write_table(table, paths[-1])
    return paths


AXES = (Binning("x", "linear", (-4.0, 4.0)), Binning("y", "symlog", (-6.0, 6.0)), Binning("k", "category", (0, 2)))


def test_a_worker_is_killed_in_the_middle_and_the_answer_is_right(
    tmp_path: Path, spark: Any, spark_cluster: Cluster
) -> None:
    paths = many_files(tmp_path, 60, 20_000)
    filters = Filters({"x": ColumnFilter(((-1.0, 9.0),), special=("nan",))})
    query = CubeQuery(((AXES[0], AXES[1]), (AXES[1], AXES[2])), 240, filters)
    wanted = DuckEngine(paths, tmp_path / "codes").cube(query)
    engine = SparkEngine(paths, spark)
    engine._session.conf.set("spark.sql.files.maxPartitionBytes", "1m")
    engine._session.conf.set("spark.sql.files.openCostInBytes", "1m")
    list(engine._variable("k").names or ())
    found: list[Any] = []

    def ask() -> None:
        try:
            found.append(engine.cube(query))
        except Exception as error:
            found.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    tracker = spark.sparkContext.statusTracker()
    done = (0, 0)
    while asking.is_alive() and not 2 <= done[0] < done[1] - 10:
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        done = max(((each.numCompletedTasks, each.numTasks) for each in stages if each), default=(0, 0))
        time.sleep(0.01)
    assert asking.is_alive(), "there was no middle to kill it in"
    spark_cluster.kill_worker(max(spark_cluster.workers))
    asking.join()
    executors = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
    spark_cluster.add_workers()
    assert executors == 1, "an executor was lost with its worker"
    [cube] = found
    assert not isinstance(cube, Exception), cube
    assert wanted.counts[0].sum() > 900_000
    for mine, theirs in zip(cube.counts, wanted.counts, strict=True):
        assert np.array_equal(mine, theirs)


def test_values_of_a_sorted_column_are_found_by_their_leading_bits(
    tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=5000), np.zeros(2000), -np.zeros(9), rng.normal(size=3000) * 1e-310])
    values[:4] = [np.nan, np.inf, -np.inf, -1e308]
    rng.shuffle(values)
    same = np.full(len(values), 0.1 + 0.2)
    pq.write_table(pa.table({"v": values, "same": same, "none": [None] * len(values)}), tmp_path / "a.parquet")
    one = DuckEngine([tmp_path / "a.parquet"], tmp_path / "codes")
    for few in (0, 30, 1_000_000):
        monkeypatch.setattr(spark_module, "_FEW_VALUES", few)
        engine = SparkEngine([tmp_path / "a.parquet"], spark)
        for name in ("v", "same"):
            assert engine.percentiles(name).tolist() == one.percentiles(name).tolist()
        assert engine.describe(["v", "same"]) == one.describe(["v", "same"])


def test_files_of_several_schemas_under_any_name_are_one_table(tmp_path: Path, spark: Any) -> None:
    folder = tmp_path / "a=b c%20ü[1]{x}*?'+("
    folder.mkdir()
    noon = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
    tables = [
        pa.table({"n": pa.array([1, 2**53 + 1], pa.int64()), "on": [True, None], "t": pa.array([noon, None])}),
        pa.table({"n": [0.5, None], "_metadata": ["m", "n"]}),
        pa.table({"n": pa.array([7], pa.int32()), "f": pa.array([0.1], pa.float32()), "list": [[1]]}),
    ]
    paths = []
    for number, table in enumerate(tables):
        paths.append(folder / f"{number}.parquet")
        pq.write_table(table, paths[-1])
    engine, one = SparkEngine(paths, spark), DuckEngine(paths, tmp_path / "codes")
    names = [column.name for column in engine.columns]
    assert engine.columns == one.columns
    assert names == ["n", "on", "t", "_metadata", "f"]
    for mine, theirs in zip(engine.describe(names), one.describe(names), strict=True):
        assert {**slots(mine), "names": mine.names and list(mine.names)} == slots(theirs)
    asked = RowsQuery(tuple(names), order=(("on", True), ("_metadata", True), ("t", False)))
    assert engine.rows(asked).ids.tolist() == one.rows(asked).ids.tolist()
    mine, theirs = (each.rows(RowsQuery(tuple(names))).table.to_pylist() for each in (engine, one))
    assert mine == theirs
    noonish = Filters({"t": ColumnFilter(((noon.timestamp() * 1e3, noon.timestamp() * 1e3),))})
    assert engine.select(noonish).count == 1
    assert engine.values(np.array([4, 0, 4]), ["f", "n"])["n"].to_pylist() == [7, 1, 7]
    with pytest.raises(QueryError, match="not among them"):
        engine.values(np.array([5]), ["n"])


def slots(summary: Any) -> dict[str, Any]:
    return {name: repr(getattr(summary, name)) if name != "names" else summary.names for name in summary.__slots__}


def test_the_executors_have_nothing_of_ours(spark: Any) -> None:
    def look(batches: Any) -> Any:
        import importlib.util
        import sys

        for batch in batches:
            found = [name for name in sys.modules if name.startswith("undertow")]
            yield pa.RecordBatch.from_pydict({"found": [",".join(found)] * batch.num_rows})
        del importlib

    answers = spark.range(4).mapInArrow(look, "found STRING").toArrow()["found"].to_pylist()
    assert answers == [""] * 4


def test_filters_go_down_to_parquet_and_no_other_column_is_read(tmp_path: Path, spark: Any) -> None:
    engine = SparkEngine(many_files(tmp_path, 1, 1000), spark)
    kept = Step("keep", {"y": ColumnFilter(((0.0, float("inf")),))})
    filters = Filters({"k": ColumnFilter(values=("a", "b"))}, (kept,))
    with engine._passing(filters, ["c1"], "frame", None) as passing:
        asked = engine._session.sql(passing.text, args=list(passing.parameters))
        plan = asked._jdf.queryExecution().executedPlan().toString()
    pushed = plan.split("PushedFilters: [")[1].split("]")[0]
    assert "GreaterThanOrEqual(y,-0.0)" in pushed
    assert "In(k, [a" in pushed
    assert "ReadSchema: struct<y:double,k:string>" in plan


def test_who_waits_no_longer_frees_the_cluster(tmp_path: Path, spark: Any) -> None:
    engine = SparkEngine(many_files(tmp_path, 2, 100_000), spark)
    engine.describe(["k"])
    ticket = Ticket()
    threading.Timer(1.0, ticket.cancel).start()
    start = time.monotonic()
    endless = "SELECT count(*) AS n FROM frame AS a JOIN frame AS b ON a.c0 + b.c0 > 1e0"
    with pytest.raises(CancelledError):
        engine._arrays(endless, (), ticket)
    assert time.monotonic() - start < 30
    assert engine.select(Filters()).count == 200_000


def test_what_spark_complains_of_is_told_in_words(tmp_path: Path, spark: Any) -> None:
    paths = many_files(tmp_path, 1, 100)
    engine = SparkEngine(paths, spark)
    paths[0].unlink()
    with pytest.raises(QueryError, match="the cluster could not answer"):
        engine.describe(["x"])
    with pytest.raises(QueryError, match="works with spark://"):
        SparkEngine(many_files(tmp_path, 1, 100), "spark://127.0.0.1:1")
    pq.write_table(pa.table({"t": pa.array([1], pa.timestamp("ns"))}), tmp_path / "ns.parquet")
    with pytest.raises(QueryError, match=r"'t' is of type timestamp\[ns\]"):
        SparkEngine([tmp_path / "ns.parquet"], spark)


@pytest.mark.parametrize("master", ["sc://127.0.0.1:15002", object()])
def test_spark_connect_is_refused_in_words(tmp_path: Path, master: Any) -> None:
    with pytest.raises(QueryError, match="Spark Connect is not supported"):
        SparkEngine(many_files(tmp_path, 1, 10), master)


def test_without_pyspark_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(QueryError, match=r"pip install 'undertow\[spark\]'"):
        SparkEngine(many_files(tmp_path, 1, 10), "spark://127.0.0.1:1")
