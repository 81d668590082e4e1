"""What is written is what is read, by us and by those who do not know us; what is damaged is named."""

from __future__ import annotations

import json
import math
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undertow.errors import CorruptFileError, NotARunError, StoreError
from undertow.record import Run
from undertow.schema import KEYS, LAYERS
from undertow.statistics import COUNTS, FLOATS
from undertow.store import load
from undertow.store._write import replace_json, write_segment, writer_name

NAMES = st.text(min_size=1, max_size=8).filter(
    lambda name: name.casefold() not in KEYS.names and "\x00" not in name and name.isprintable()
)
VALUES = st.one_of(st.none(), st.floats(), st.integers(-(2**53), 2**53), st.booleans())


def some_run(root: Path, **metrics: Any) -> Path:
    with Run(root, name="some") as run:
        run.log(metrics or {"loss": 1.5})
        floats = np.arange(10, dtype=np.float32).reshape(2, 5)
        run.record_layers(0, 0, ("b/kernel", "a/kernel"), (6, 2), floats, np.ones((2, 2), np.int64))
        run.record_layers(1, 0, ("b/kernel", "a/kernel"), (6, 2), floats + 1, np.ones((2, 2), np.int64))
    return run.path


def segment(path: Path, table: str = "steps") -> Path:
    (found,) = (path / table).glob("*.parquet")
    return found


def rows(**columns: Any) -> pa.Table:
    """A steps table as another writer might make it."""
    n = len(next(iter(columns.values())))
    keys = {
        "run": pa.array(columns.pop("run", ["other"] * n)).dictionary_encode(),
        "attempt": pa.array(columns.pop("attempt", [0] * n), pa.int32()),
        "rank": pa.array(columns.pop("rank", [0] * n), pa.int32()),
        "step": pa.array(columns.pop("step", list(range(n))), pa.int64()),
        "epoch": pa.array([None] * n, pa.int32()),
        "time": pa.array([0] * n, pa.timestamp("us", tz="UTC")),
    }
    return pa.table({**keys, **columns})


def bare_run(root: Path, name: str = "other") -> Path:
    folder = root / name
    folder.mkdir()
    replace_json(folder / "run.json", {"format": 1, "id": name, "name": name, "state": "running"})
    return folder


def put(folder: Path, table: pa.Table, rank: int = 0) -> Path:
    """A sealed segment, as a process of its own would leave it."""
    path = folder / "steps" / f"{writer_name(rank)}-000000.parquet"
    path.parent.mkdir(exist_ok=True)
    write_segment(path, table, "steps")
    return path


def equal(a: Any, b: Any) -> bool:
    return (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)) or a == b


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=6))
def test_round_trip_keeps_every_value(tmp_path_factory: pytest.TempPathFactory, logged: list[dict[str, Any]]) -> None:
    first: dict[str, str] = {}
    logged = [{n: v for n, v in row.items() if first.setdefault(n.casefold(), n) == n} for row in logged]
    with Run(tmp_path_factory.mktemp("runs")) as run:
        for row in logged:
            run.log(row)
    read = load(run.path).steps.to_arrow().to_pylist()
    assert len(read) == len(logged)
    for step, (row, back) in enumerate(zip(logged, read, strict=True)):
        assert back["step"] == step
        for name, value in row.items():
            # A bool or int that shares its column with a float is that number.
            assert equal(back.get(name), value), name
            assert equal(math.copysign(1, back[name]), math.copysign(1, value)) if isinstance(value, float) else True


def test_int_becomes_float_where_they_meet(tmp_path: Path) -> None:
    for loss in (1, 0.5):
        with Run(tmp_path, name="r") as run:
            run.log(loss=loss)
    assert load(run.path).steps.to_arrow().schema.field("loss").type == pa.float64()
    assert load(tmp_path).steps.to_arrow().schema.field("loss").type == pa.float64()
    assert sorted(load(tmp_path).steps.to_arrow()["loss"].to_pylist()) == [0.5, 1.0]


def test_columns_of_different_runs_unify_by_name(tmp_path: Path) -> None:
    some_run(tmp_path, loss=1.0, ok=True)
    some_run(tmp_path, loss=2.0, acc=0.5)
    table = load(tmp_path).steps.to_pandas()
    assert list(table.columns) == [
        *KEYS.names,
        *sorted(set(table.columns) - set(KEYS.names), key=table.columns.get_loc),
    ]
    assert table["acc"].isna().sum() == 1
    assert sorted(table["loss"]) == [1.0, 2.0]


def test_text_that_meets_a_number_is_text_and_says_so(tmp_path: Path) -> None:
    some_run(tmp_path, rate="auto")
    some_run(tmp_path, rate=0.5)
    with pytest.warns(UserWarning, match=r"'rate' is text in one file and (double|string)"):
        table = load(tmp_path).steps.to_arrow()
    assert sorted(table["rate"].to_pylist()) == ["0.5", "auto"]


def test_layers_are_sorted_by_parameter_and_step(tmp_path: Path) -> None:
    table = pq.read_table(segment(some_run(tmp_path), "layers"))
    assert table.schema.equals(LAYERS)
    assert table["param"].to_pylist() == ["a/kernel", "a/kernel", "b/kernel", "b/kernel"]
    assert table["step"].to_pylist() == [0, 1, 0, 1]
    assert table["sum"].to_pylist() == [5.0, 6.0, 0.0, 1.0]
    assert table["count"].to_pylist() == [2, 2, 6, 6]


def test_a_segment_is_as_documented(tmp_path: Path) -> None:
    path = segment(some_run(tmp_path), "layers")
    metadata = pq.ParquetFile(path).metadata
    group = metadata.row_group(0)
    for index in range(metadata.num_columns):
        column = group.column(index)
        name = column.path_in_schema
        assert column.compression == "ZSTD"
        assert column.is_stats_set == (name in (*KEYS.names, "param")), name
        assert ("RLE_DICTIONARY" in column.encodings) == (name in ("run", "param")), name
    assert json.loads(metadata.metadata[b"undertow"]) == {"format": 1, "table": "layers"}
    content = path.read_bytes()
    place = content.rindex(b"undertow.crc32") + 16
    assert metadata.metadata[b"undertow.crc32"] == content[place : place + 8]
    blank = content[:place] + b"--------" + content[place + 8 :]
    assert content[place : place + 8] == b"%08x" % zlib.crc32(blank)
    assert [path.name for path in path.parent.iterdir()] == [path.name], "nothing temporary is left"
    rank, _, sequence = path.stem.split("-")
    assert (rank, sequence) == ("0", "000000")


def test_others_read_a_segment_without_us(tmp_path: Path) -> None:
    path = segment(some_run(tmp_path, loss=float("nan"), best=-math.inf, note="ü"))
    frame = pl.read_parquet(path)
    assert math.isnan(frame["loss"][0])
    assert frame["best"][0] == -math.inf
    assert frame["note"][0] == "ü"
    assert pq.read_table(path)["step"].to_pylist() == [0]
    assert pl.read_parquet(tmp_path / "*" / "layers" / "*.parquet").height == 4


def test_the_newest_attempt_of_a_step_is_shown(tmp_path: Path) -> None:
    folder = bare_run(tmp_path)
    put(folder, rows(loss=[0.0, 1.0, 2.0, 3.0]))
    put(folder, rows(loss=[10.0, 20.0], step=[1, 2], attempt=[1, 1]))
    assert load(tmp_path).steps.to_arrow()["loss"].to_pylist() == [0.0, 10.0, 20.0, 3.0]


def test_two_writers_never_share_a_file(tmp_path: Path) -> None:
    folder = bare_run(tmp_path)
    paths = {put(folder, rows(loss=[1.0], rank=[rank]), rank) for rank in (0, 0, 1)}
    assert len(paths) == 3
    assert sorted(load(folder).steps.to_arrow()["rank"].to_pylist()) == [0, 0, 1]


def test_a_reader_sees_what_is_sealed_while_the_writer_writes(tmp_path: Path) -> None:
    folder = bare_run(tmp_path)
    recording = load(tmp_path)
    for count in range(3):
        assert recording.steps.to_arrow().num_rows == count
        put(folder, rows(loss=[1.0], step=[count]))


def test_a_half_written_file_is_not_seen(tmp_path: Path) -> None:
    folder = some_run(tmp_path)
    (folder / "steps" / "0-abc-000001-12345678.tmp").write_bytes(b"PAR1 half")
    assert load(tmp_path).steps.to_arrow().num_rows == 1


def test_a_failed_write_leaves_nothing_and_may_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bare_run(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            put(folder, rows(loss=[1.0]))
    assert list((folder / "steps").iterdir()) == []
    put(folder, rows(loss=[1.0]))
    assert load(tmp_path).steps.to_arrow().num_rows == 1


def test_a_truncated_segment_is_named(tmp_path: Path) -> None:
    path = segment(some_run(tmp_path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CorruptFileError, match=path.name):
        load(tmp_path).steps.to_arrow()


def test_a_flipped_bit_in_the_data_is_named(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        for _ in range(2000):
            run.log(loss=float(np.random.default_rng().normal()))
    path = segment(run.path)
    column = pq.ParquetFile(path).metadata.row_group(0).column(len(KEYS))
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=path.name):
        load(tmp_path).steps.to_arrow()


def test_no_flipped_bit_reads_as_other_values(tmp_path: Path) -> None:
    path = segment(some_run(tmp_path))
    content, truth = path.read_bytes(), load(tmp_path).steps.to_arrow()
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                table = load(tmp_path).steps.to_arrow()
            except CorruptFileError as error:
                assert path.name in str(error)
                continue
        assert caught or table.equals(truth), f"byte {place}"


def test_a_foreign_file_is_left_out_and_named(tmp_path: Path) -> None:
    folder = some_run(tmp_path)
    pq.write_table(pa.table({"x": [1]}), folder / "steps" / "mine.parquet")
    with pytest.warns(UserWarning, match=r"mine\.parquet is not a segment of ours"):
        assert load(tmp_path).steps.to_arrow().num_rows == 1


def test_tables_without_run_json_are_left_out_and_named(tmp_path: Path) -> None:
    some_run(tmp_path)
    (tmp_path / "lost" / "steps").mkdir(parents=True)
    with pytest.warns(UserWarning, match="lost has recorded tables but no run.json"):
        assert load(tmp_path).runs.to_arrow().num_rows == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', '{"id": "x"}'])
def test_a_broken_run_json_is_named(tmp_path: Path, text: str) -> None:
    (some_run(tmp_path) / "run.json").write_text(text)
    with pytest.raises(CorruptFileError, match=r"run\.json"):
        load(tmp_path).runs.to_arrow()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = some_run(tmp_path) / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(StoreError, match=r"run\.json has format 2"):
        load(tmp_path).steps.to_arrow()


@pytest.mark.parametrize("place", ["missing", "empty", "file"])
def test_a_folder_without_runs_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(NotARunError, match=place):
        load(tmp_path / place)


def test_params_carry_their_run(tmp_path: Path) -> None:
    with Run(tmp_path) as run:
        row = {"param": "a/b", "module": "a", "depth": 0, "shape": [2, 3], "size": 6, "dtype": "float32"}
        run.set_params([row])
    table = load(tmp_path).params.to_arrow().to_pylist()
    assert table == [{"run": run.id, **row, "sharding": None}]


def test_a_run_without_rows_has_empty_tables_of_the_right_schema(tmp_path: Path) -> None:
    with Run(tmp_path):
        pass
    recording = load(tmp_path)
    assert recording.steps.to_arrow().schema.equals(KEYS)
    assert recording.layers.to_arrow().schema.equals(LAYERS)
    assert recording.params.to_arrow().num_rows == 0


def test_pandas_polars_and_arrow_agree(tmp_path: Path) -> None:
    some_run(tmp_path)
    recording = load(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert recording.layers.to_pandas().shape == recording.layers.to_polars().shape == (4, len(LAYERS))
        assert pa.table(recording.layers).num_rows == 4
        assert recording.runs.to_pandas()["state"].tolist() == ["finished"]
    assert set(FLOATS) | set(COUNTS) <= set(recording.layers.to_polars().columns)
