"""W&B's offline runs: one that wandb 0.31 wrote (tests/log_files/make.py), and logs made by LevelDB's own rules."""

import contextlib
import datetime as dt
import json
import math
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undertow._dispatch import frames_of, logged_of
from undertow.errors import SourceError
from undertow.sources._wandb import _records

REAL = Path(__file__).parents[1] / "log_files" / "wandb" / "run-abc.wandb"


def test_a_real_run_is_read_whole():
    ((name, run),) = logged_of([REAL.parent]).several.items()
    assert name == "mlp"
    assert run.config == {"lr": 0.1, "opt": {"name": "adam"}, "gone": 1, "late": 5}
    assert run.tags == ("t",)
    assert run.host == "host"
    assert run.state == "finished"
    table = run.steps.to_pydict()
    assert table["step"] == list(range(60))
    assert table["loss"] == [1 / (step + 1) for step in range(60)]
    assert table["val.acc"] == [0.5 * step for step in range(60)]
    assert table["ok"] == [step > 1 for step in range(60)]
    assert table["note"] == ["x" * 200] * 60
    assert math.isnan(table["bad"][3])
    assert table["inf"][3] == math.inf
    assert table["best"] == [None] * 59 + [0.25]
    assert all(dt.timedelta() <= each - run.start < dt.timedelta(minutes=1) for each in table["time"])
    assert [(row["step"], row["param"], row["count"], row["abs_max"]) for row in run.layers.to_pylist()] == [
        (0, "fc.weight", 10, 7.0), (1, "fc.weight", 10, 7.0),
    ]  # fmt: skip
    assert "2 × image-file" in run.left_out
    assert {frame.lens for frame in frames_of(REAL)} == {"steps", "layers"}


def test_the_latest_run_is_not_read_twice(tmp_path):
    folder = tmp_path / "wandb" / "offline-run-1"
    folder.mkdir(parents=True)
    shutil.copy(REAL, folder)
    (tmp_path / "wandb" / "latest-run").symlink_to(folder)
    assert list(logged_of([tmp_path]).several) == ["mlp"]


def test_a_file_cut_off_anywhere_is_read_up_to_there(tmp_path):
    content = REAL.read_bytes()
    whole = logged_of([REAL]).several["mlp"].steps["loss"].to_pylist()
    path = tmp_path / "run-abc.wandb"
    for cut in (40_000, 32_768, 32_770, 33_000):
        path.write_bytes(content[:cut])
        (run,) = logged_of([path]).several.values()
        found = run.steps["loss"].to_pylist()
        assert 30 < len(found) < 60
        assert found == whole[: len(found)]
        assert run.state is None


def test_a_damaged_record_is_named_and_what_stands_before_it_kept_on_demand(tmp_path):
    content = bytearray(REAL.read_bytes())
    content[40_000] ^= 4
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"run-abc\.wandb, record \d+ is damaged"):
        frames_of(path)
    frame = frames_of(path, skip_bad=True)[-1]
    assert "is damaged" in frame.note


def log(records, block=1 << 15):
    """A log of LevelDB's with the seven bytes before it: the rules once more, written rather than read."""
    out = bytearray(b":W&B\xe1\xbe\0")
    for record in records:
        rest, first = record, True
        while first or rest:
            left = block - len(out) % block
            if left < 7:
                out += bytes(left)
                continue
            part, rest = rest[: left - 7], rest[left - 7 :]
            kind = (1 if not rest else 2) if first else (4 if not rest else 3)
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + part), len(part), kind) + part
            first = False
    return bytes(out)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(sizes=st.lists(st.sampled_from([0, 1, 32_747, 32_753, 32_754, 32_755, 32_761, 70_000]) | st.integers(0, 9000)))
def test_records_come_back_whatever_their_sizes(tmp_path, sizes):
    records = [bytes([place % 251]) * size for place, size in enumerate(sizes)]
    path = tmp_path / "a.wandb"
    path.write_bytes(log(records))
    assert list(_records(path)) == records


def field(number, value):
    """A field of a message: bytes, or a whole number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def item(*path, **held):
    kinds = {"boolean": 4, "integer": 5, "text": 7, "json": 8, "value": 16}
    names = b"".join(field(2 if len(path) > 1 else 1, name.encode()) for name in path)
    ((kind, value),) = held.items()
    return field(1, names + field(kinds[kind], value))


def test_values_with_types_of_their_own_and_a_step_beside_them(tmp_path):
    path = tmp_path / "a.wandb"
    history = [
        field(2, item("a", integer=7 << 1) + item("b", boolean=1) + item("c", text=b"w") + field(2, field(1, 4))),
        field(2, item("a", integer=(3 << 1) - 1) + item("d", "e", json=b"2.5") + item("_step", value=b"9")),
    ]
    path.write_bytes(
        log([field(17, field(1, b"id") + field(17, field(1, 1_767_355_200))), *history, field(18, field(1, 1))])
    )
    (run,) = logged_of([path]).several.values()
    assert run.steps.drop_columns("time").to_pydict() == {
        "step": [4, 9], "epoch": [None, None], "a": [7, -3], "b": [True, None], "c": ["w", None], "d.e": [None, 2.5],
    }  # fmt: skip
    assert run.state == "failed"
    assert run.start == dt.datetime.fromtimestamp(1_767_355_200, dt.UTC)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["_type", "values", "bins", "a"]), inner)
    ),
    max_leaves=5,
)
MESSAGES = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda kind, key, value: field(kind, item(*key, value=json.dumps(value).encode())),
        st.sampled_from([2, 3, 5, 17, 18]),
        st.lists(st.sampled_from(["_step", "_timestamp", "_runtime", "a", "b", ""]), min_size=1, max_size=3),
        VALUES,
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(records=st.lists(MESSAGES, max_size=4), skip_bad=st.booleans())
def test_no_record_does_worse_than_an_error_of_ours(tmp_path, records, skip_bad):
    path = tmp_path / "a.wandb"
    path.write_bytes(log(records))
    with contextlib.suppress(SourceError):
        logged_of([path], skip_bad=skip_bad).steps.to_arrow()
