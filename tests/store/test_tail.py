"""The open end of a table: whole frames are read at once, and nothing else ever is."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from undertow.record import Run
from undertow.store import Follower, RunWriter, compact, load, verify
from undertow.store import _parts as parts_module
from undertow.store._append import seal
from undertow.store._write import replace_json

US = pa.timestamp("us", tz="UTC")


def batch(*steps: int, **metrics: Any) -> pa.RecordBatch:
    n = len(steps)
    columns = {"step": pa.array(steps, pa.int64()), "epoch": pa.nulls(n, pa.int32()), "time": pa.array(steps).cast(US)}
    return pa.record_batch({**columns, **{name: pa.array(values) for name, values in metrics.items()}})


def new_run(root: Path, **about: Any) -> tuple[Path, RunWriter]:
    folder = root / "r"
    folder.mkdir(exist_ok=True)
    replace_json(folder / "run.json", {"format": 1, "id": "r", "end": "2026-01-01T00:00:00+00:00", **about})
    return folder, RunWriter(folder, "r", 0, 0)


def losses(root: Path) -> list[Any]:
    return load(root).steps.to_arrow()["loss"].to_pylist()


def the_tail(folder: Path) -> Path:
    (found,) = (folder / "steps").glob("*.tail")
    return found


def test_each_batch_is_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    _, writer = new_run(tmp_path)
    for step in range(3):
        writer.append("steps", batch(step, loss=[step + 0.5]))
        assert losses(tmp_path) == [s + 0.5 for s in range(step + 1)]


def test_a_new_metric_and_a_wider_type_go_into_the_same_tail(tmp_path: Path) -> None:
    folder, writer = new_run(tmp_path)
    writer.append("steps", batch(0, loss=[1]))
    writer.append("steps", batch(1, loss=[0.5], acc=[True]))
    for tail in (None, *writer.rotate()):
        if tail is not None:
            assert seal(tail) == 0
        table = load(folder).steps.to_arrow()
        assert table.schema.field("loss").type == pa.float64()
        assert table.select(["loss", "acc"]).to_pylist() == [{"loss": 1.0, "acc": None}, {"loss": 0.5, "acc": True}]
    assert [path.suffix for path in (folder / "steps").iterdir()] == [".parquet"]


def test_a_tail_beside_its_segment_counts_once(tmp_path: Path) -> None:
    folder, writer = new_run(tmp_path)
    writer.append("steps", batch(0, 1, loss=[1.0, 2.0]))
    tail = the_tail(folder)
    content = tail.read_bytes()
    for open_tail in writer.rotate():
        seal(open_tail)
    tail.write_bytes(content)
    assert losses(tmp_path) == [1.0, 2.0]
    assert [check.kind for check in verify(folder)] == ["run", "segment", "leftover"]
    assert compact(folder)[0].removed == 1
    assert not tail.exists()
    assert losses(tmp_path) == [1.0, 2.0]


def three_frames(root: Path) -> tuple[Path, list[int]]:
    """A tail of three frames of rows, and where each ends."""
    folder, writer = new_run(root)
    ends = []
    for step in range(3):
        writer.append("steps", batch(step, loss=[float(step)]))
        ends.append(the_tail(folder).stat().st_size)
    return the_tail(folder), ends


def test_a_cut_tail_reads_up_to_the_last_whole_frame_and_says_so(tmp_path: Path) -> None:
    tail, ends = three_frames(tmp_path)
    content = tail.read_bytes()
    for length in range(len(content)):
        tail.write_bytes(content[:length])
        whole = sum(end <= length for end in ends)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert load(tmp_path).steps.to_arrow()["step"].to_pylist() == list(range(whole))
        at_frame = length in (0, *ends)
        if not at_frame and whole:
            assert f"{tail.name}: the last {length - ends[whole - 1]} bytes cannot be read" in str(caught[0].message)
        assert bool(caught) or at_frame or whole == 0


def test_no_flipped_bit_of_a_tail_reads_as_another_value(tmp_path: Path) -> None:
    tail, ends = three_frames(tmp_path)
    content = tail.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        tail.write_bytes(damaged)
        with pytest.warns(UserWarning, match="cannot be read"):
            table = load(tmp_path).steps.to_arrow()
        whole = sum(end <= place for end in ends)
        assert table["step"].to_pylist() == list(range(whole)), f"byte {place}"


def test_a_zero_filled_end_is_no_data(tmp_path: Path) -> None:
    tail, _ = three_frames(tmp_path)
    tail.write_bytes(tail.read_bytes() + bytes(4096))
    with pytest.warns(UserWarning, match="last 4096 bytes cannot be read"):
        assert losses(tmp_path) == [0.0, 1.0, 2.0]
    (check,) = [check for check in verify(tmp_path) if check.kind == "tail"]
    assert (check.rows, "4096" in str(check.problem)) == (3, True)
    assert compact(tmp_path)[0].unread == 4096
    assert losses(tmp_path) == [0.0, 1.0, 2.0]
    assert tail.with_suffix(".damaged").exists()


def test_half_a_frame_of_a_live_run_is_no_loss(tmp_path: Path) -> None:
    tail, _ = three_frames(tmp_path)
    new_run(tmp_path, end=None, heartbeat="2999-01-01T00:00:00+00:00")
    tail.write_bytes(tail.read_bytes()[:-1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert losses(tmp_path) == [0.0, 1.0]


def test_a_refused_frame_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, writer = new_run(tmp_path)
    writer.append("steps", batch(0, loss=[0.0]))
    size = the_tail(folder).stat().st_size

    def half(descriptor: int, buffers: Any) -> None:
        os.write(descriptor, b"half a frame")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("undertow.store._tail._write_all", half)
        with pytest.raises(OSError, match="No space"):
            writer.append("steps", batch(1, loss=[1.0]))
    assert the_tail(folder).stat().st_size == size
    writer.append("steps", batch(1, loss=[1.0]))
    assert losses(tmp_path) == [0.0, 1.0]


@pytest.mark.skipif(os.name == "nt", reason="Windows does not delete open files")
def test_a_writer_taken_for_dead_loses_and_repeats_nothing(tmp_path: Path) -> None:
    for merge_first in (False, True):
        root = tmp_path / str(merge_first)
        root.mkdir()
        folder, writer = new_run(root)
        writer.append("steps", batch(0, 1, loss=[0.0, 1.0]))
        if merge_first:
            other = RunWriter(folder, "r", 0, 1)
            other.append("steps", batch(9, loss=[9.0]))
        compact(folder)
        assert not list((folder / "steps").glob("*.tail"))
        writer.append("steps", batch(2, loss=[2.0]))
        assert writer.broken()
        for tail in writer.rotate():
            seal(tail)
        writer.append("steps", batch(3, loss=[3.0]))
        assert losses(folder) == [0.0, 1.0, 2.0, 3.0, *([9.0] if merge_first else [])]


def test_a_follower_gives_each_row_once_through_sealing_and_compaction(tmp_path: Path) -> None:
    folder, writer = new_run(tmp_path)
    with Follower(folder) as follower:
        seen: list[int] = []

        def poll(restart: bool = False) -> None:
            news = follower.poll()
            assert news.restarted == restart
            assert news.problems == []
            if restart:
                seen.clear()
            seen.extend(news.steps["step"].to_pylist())

        poll()
        writer.append("steps", batch(0, loss=[0.0]))
        poll()
        writer.append("steps", batch(1, loss=[0.0]))
        sealing = writer.rotate()
        for tail in sealing:
            seal(tail)
        poll()
        writer.append("steps", batch(2, loss=[0.0]))
        poll()
        for tail in writer.rotate():
            seal(tail)
        compact(folder)
        poll()
        assert sorted(seen) == [0, 1, 2]
        # Sealed and merged between two polls, with what is known already: told apart no more.
        for step in (3, 4):
            writer.append("steps", batch(step, loss=[0.0]))
            for tail in writer.rotate():
                seal(tail)
        compact(folder)
        poll(restart=True)
        assert sorted(seen) == [0, 1, 2, 3, 4]
        poll()
        assert sorted(seen) == [0, 1, 2, 3, 4]


def test_a_follower_reads_on_behind_half_a_frame_and_tells_of_damage_once(tmp_path: Path) -> None:
    tail, ends = three_frames(tmp_path)
    content = tail.read_bytes()
    tail.write_bytes(content[: ends[1] + 7])
    with Follower(tmp_path) as follower:
        assert follower.poll().steps["step"].to_pylist() == [0, 1]
        with tail.open("ab") as file:
            file.write(content[ends[1] + 7 :])
        assert follower.poll().steps["step"].to_pylist() == [2]
        with tail.open("ab") as file:
            file.write(bytes(100))
        assert len(follower.poll().problems) == 1
        assert follower.poll().problems == []


def test_a_follower_of_a_run_sees_layers_too(tmp_path: Path) -> None:
    import numpy as np

    with Run(tmp_path) as run, Follower(run.path) as follower:
        run.record_layers(0, None, ("a",), (3,), np.ones((1, 5), np.float32), np.zeros((1, 2), np.int64))
        assert run.flush()
        assert follower.poll().layers["param"].to_pylist() == ["a"]
        assert len(follower.poll().layers) == 0


def test_a_listing_that_misses_a_swap_is_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, writer = new_run(tmp_path)
    writer.append("steps", batch(0, loss=[0.0]))
    real, calls = parts_module._names, []

    def blind(folder: Path) -> list[str]:
        calls.append(folder)
        # What a directory scan may return while a file is renamed: neither the old name nor the new.
        return [] if len(calls) == 1 else real(folder)

    monkeypatch.setattr(parts_module, "_names", blind)
    assert losses(tmp_path) == [0.0]
