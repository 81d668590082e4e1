"""Whatever is written, sealed, compacted, damaged and read in whatever order: a plain list says what must come back."""

from __future__ import annotations

import json
import random
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undertow.errors import CorruptFileError
from undertow.store import Follower, RunWriter, compact, load, verify
from undertow.store._append import seal
from undertow.store._write import replace_json

ENDED = "2026-01-01T00:00:00+00:00"

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2), st.integers(1, 4), st.booleans()),
        st.tuples(st.just("seal"), st.integers(0, 2)),
        st.tuples(st.just("restart"), st.integers(0, 2)),
        st.tuples(st.just("compact")),
        st.tuples(st.just("read")),
    ),
    min_size=1,
    max_size=25,
)
DAMAGES = st.lists(st.tuples(st.sampled_from(["cut", "flip", "zero"]), st.integers(0, 2**32)), max_size=2)


class Model:
    """A run with three processes, and the list of what they wrote."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "r"
        self.folder.mkdir(parents=True)
        replace_json(self.folder / "run.json", {"format": 1, "id": "r", "end": ENDED})
        self.writers = [RunWriter(self.folder, "r", 0, rank) for rank in range(3)]
        self.rows: list[tuple[int, int, float | None]] = []

    def write(self, rank: int, count: int, wide: bool) -> None:
        steps = [len(self.rows) + index for index in range(count)]
        columns: dict[str, Any] = {
            "step": pa.array(steps, pa.int64()),
            "epoch": pa.nulls(count, pa.int32()),
            "time": pa.array(steps).cast(pa.timestamp("us", tz="UTC")),
            "n": pa.array([step * 3 for step in steps]),
        }
        if wide:
            columns["x"] = pa.array([step / 7 for step in steps])
        self.writers[rank].append("steps", pa.record_batch(columns))
        self.rows += [(rank, step, step / 7 if wide else None) for step in steps]

    def seal(self, rank: int) -> None:
        for tail in self.writers[rank].rotate():
            assert seal(tail) == 0

    def act(self, action: tuple[Any, ...]) -> None:
        kind, *arguments = action
        if kind == "restart":
            # As after kill -9: the tail stays, and another process begins its own.
            self.writers[arguments[0]] = RunWriter(self.folder, "r", 0, arguments[0])
        elif kind == "compact":
            # What lives is taken for dead here: run.json says that the run has ended.
            compact(self.folder)
            for rank in range(3):
                if self.writers[rank].broken():
                    self.seal(rank)
        elif kind == "read":
            assert self.read() == sorted(self.rows)
        else:
            getattr(self, kind)(*arguments)

    def read(self) -> list[tuple[int, int, float | None]]:
        table = load(self.folder).steps.to_arrow()
        rows = table.to_pylist()
        for row in rows:
            assert row["n"] == row["step"] * 3
        return sorted((row["rank"], row["step"], row.get("x")) for row in rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_nothing_is_lost_or_twice(tmp_path_factory: Any, actions: list[tuple[Any, ...]]) -> None:
    model = Model(tmp_path_factory.mktemp("store"))
    followed: list[tuple[int, int]] = []
    with Follower(model.folder) as follower:
        for action in actions:
            model.act(action)
            if action[0] == "read":
                news = follower.poll()
                followed = [] if news.restarted else followed
                followed += zip(news.steps["rank"].to_pylist(), news.steps["step"].to_pylist(), strict=True)
        news = follower.poll()
        followed = [] if news.restarted else followed
        followed += zip(news.steps["rank"].to_pylist(), news.steps["step"].to_pylist(), strict=True)
    assert model.read() == sorted(model.rows)
    assert sorted(followed) == sorted((rank, step) for rank, step, _ in model.rows)
    assert all(check.problem is None for check in verify(model.folder))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS, damages=DAMAGES, then_compact=st.booleans())
def test_what_is_damaged_is_told_and_the_rest_is_right(
    tmp_path_factory: Any, actions: list[tuple[Any, ...]], damages: list[tuple[str, int]], then_compact: bool
) -> None:
    model = Model(tmp_path_factory.mktemp("store"))
    for action in actions:
        model.act(action)
    files = sorted(path for path in (model.folder / "steps").glob("*") if path.stat().st_size)
    harmed = False
    for how, seed in damages if files else ():
        chance = random.Random(seed)
        path = chance.choice(files)
        content = bytearray(path.read_bytes())
        place = chance.randrange(len(content))
        if how == "cut":
            del content[place:]
        elif how == "flip":
            content[place] ^= 1 << chance.randrange(8)
        else:
            content[place:] = bytes(len(content) - place)
        harmed |= bytes(content) != path.read_bytes()
        path.write_bytes(content)
        files = [file for file in files if file.stat().st_size]
        if not files:
            break
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            read = model.read()
            if then_compact:
                compact(model.folder)
                assert model.read() == read
        except CorruptFileError as error:
            assert harmed, error
            assert any(check.problem is not None for check in verify(model.folder))
            return
    truth = sorted(model.rows)
    assert len(set(read)) == len(read)
    assert set(read) <= set(truth)
    if read != truth:
        # A tail that was cut exactly between two frames is whole to anyone who was not there.
        between = any(how != "flip" for how, _ in damages)
        assert told or between
    if not harmed:
        assert read == truth
        assert not told


def test_a_killed_compaction_is_taken_up(tmp_path: Path, monkeypatch: Any) -> None:
    """At every point where it renames or deletes a file."""
    for stop in range(12):
        model = Model(tmp_path / str(stop))
        for rank in (0, 1, 2, 0):
            model.write(rank, 3, wide=rank == 1)
            if rank:
                model.seal(rank)
        calls = 0

        def killed(call: Any, stop: int = stop) -> Any:
            def wrapped(*arguments: Any, **more: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls > stop:
                    # Not an OSError, which would be survived.
                    raise KeyboardInterrupt
                return call(*arguments, **more)

            return wrapped

        with monkeypatch.context() as patch:
            for name in ("unlink", "replace"):
                patch.setattr(Path, name, killed(getattr(Path, name)))
            patch.setattr("os.link", killed(__import__("os").link))
            try:
                compact(model.folder)
                finished = True
            except KeyboardInterrupt:
                finished = False
        assert model.read() == sorted(model.rows)
        compact(model.folder)
        assert model.read() == sorted(model.rows)
        names = [path.suffix for path in (model.folder / "steps").iterdir() if path.suffix != ".tmp"]
        assert names == [".parquet"]
        if finished:
            break
    assert finished


def test_metrics_of_clashing_types_are_not_merged(tmp_path: Path) -> None:
    model = Model(tmp_path)
    keys = {
        "step": pa.array([0]),
        "epoch": pa.nulls(1, pa.int32()),
        "time": pa.array([0]).cast(pa.timestamp("us", tz="UTC")),
    }
    for rank, value in enumerate((2**62 + 1, 0.5, 2**62 + 1)):
        model.writers[rank].append("steps", pa.record_batch({**keys, "v": pa.array([value])}))
        model.seal(rank)
    assert compact(model.folder)[0].merged == 0
    assert len(list((model.folder / "steps").iterdir())) == 3


def test_live_writers_keep_their_tails(tmp_path: Path) -> None:
    model = Model(tmp_path)
    model.write(0, 2, wide=False)
    about = {"format": 1, "id": "r", "end": None, "heartbeat": "2999-01-01T00:00:00+00:00"}
    (model.folder / "run.json").write_text(json.dumps({**about, "writer": model.writers[0].name}))
    assert compact(model.folder)[0].sealed == 0
    assert not model.writers[0].broken()
    (model.folder / "run.json").write_text(json.dumps({**about, "end": ENDED}))
    assert compact(model.folder)[0].sealed == 1
