from __future__ import annotations

import os
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import undertow as ut
from object_server import BUCKET, ObjectServer, object_server
from undertow._cli import app
from undertow.errors import CorruptFileError, NotARunError, StoreError
from undertow.store import Mirror, publish
from undertow.store._bucket import Bucket

pytest.importorskip("obstore")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("UNDERTOW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    with object_server() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
        yield made


@pytest.fixture
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new place, of our own server or of the one that the environment names."""
    other = os.environ.get("UNDERTOW_TEST_S3")
    if other:
        monkeypatch.setenv("AWS_ENDPOINT_URL", other)
    else:
        request.getfixturevalue("server")
    return f"s3://{BUCKET}/team/{uuid.uuid4().hex[:8]}"


def record(root: Path, name: str = "mlp", n: int = 20) -> Path:
    with ut.Run(root, name=name, config={"lr": 0.1}) as run:
        for step in range(n):
            run.log(step=step, loss=1 / (1 + step))
    return run.path


def test_what_is_published_is_loaded_as_it_was_recorded(tmp_path: Path, place: str) -> None:
    for name in ("a", "b", "c"):
        record(tmp_path / "runs", name)
    assert [count for _, count in publish(tmp_path / "runs", place)] == [2, 2, 2]
    here, there = ut.load(tmp_path / "runs"), ut.load(place)
    assert there.steps.to_arrow().equals(here.steps.to_arrow())
    assert there.runs.to_arrow().equals(here.runs.to_arrow())
    assert place in repr(there)


def test_one_run_is_loaded_by_its_own_place(tmp_path: Path, place: str) -> None:
    run = record(tmp_path / "runs")
    list(publish(run, place))
    assert len(ut.load(f"{place}/{run.name}/").steps.to_arrow()) == 20


def test_a_recording_follows_what_is_published_later(tmp_path: Path, place: str) -> None:
    with ut.Run(tmp_path / "runs", name="first") as run:
        list(publish(tmp_path / "runs", place))
        recording = ut.load(place)
        assert recording.runs.to_arrow()["state"].to_pylist() == ["running"]
        run.log(step=0, loss=1.0)
    record(tmp_path / "runs", "second")
    list(publish(tmp_path / "runs", place))
    assert recording.runs.to_arrow()["state"].to_pylist() == ["finished", "finished"]
    assert len(recording.steps.to_arrow()) == 21


def test_segments_are_sent_and_fetched_once(tmp_path: Path, place: str) -> None:
    run = record(tmp_path / "runs")
    assert [count for _, count in publish(run, place)] == [2]
    mirror = Mirror(place)
    mirror.refresh()
    (segment,) = mirror.path.glob("*/steps/*.parquet")
    inode = segment.stat().st_ino
    assert [count for _, count in publish(run, place)] == [1]
    mirror.refresh()
    assert segment.stat().st_ino == inode


def test_an_engine_answers_about_a_place(tmp_path: Path, place: str) -> None:
    pytest.importorskip("duckdb")
    record(tmp_path / "runs")
    list(publish(tmp_path / "runs", place))
    rows = ut.load(place, engine="duckdb").steps.values(np.arange(20), ["step"])
    assert rows["step"].to_pylist() == list(range(20))


def test_another_segment_of_the_same_name_is_never_replaced(tmp_path: Path, place: str) -> None:
    run = record(tmp_path / "runs")
    (segment,) = (run / "steps").glob("*.parquet")
    bucket, key = Bucket(place), f"{run.name}/steps/{segment.name}"
    bucket.create(key, b"other")
    with pytest.raises(StoreError, match=segment.name):
        list(publish(run, place))
    assert bucket.get(key) == b"other"
    # Nothing says that the run is there.
    assert bucket.get(f"{run.name}/run.json") is None


def test_a_compacted_run_replaces_what_it_merged(tmp_path: Path, place: str) -> None:
    run = record(tmp_path / "runs")
    with ut.Run(tmp_path / "runs", resume=run.name) as again:
        again.log(step=20, loss=0.0)
    list(publish(run, place))
    assert CliRunner().invoke(app, ["compact", str(run)]).exit_code == 0
    result = CliRunner().invoke(app, ["publish", str(run), place])
    assert result.exit_code == 0 and "2 files put" in result.output
    assert len(ut.load(place).steps.to_arrow()) == 21


def test_a_place_without_runs_says_so(place: str) -> None:
    with pytest.raises(NotARunError, match=place):
        ut.load(place)


@pytest.mark.parametrize("url", ["s3://", "s3://b", "s3://bucket/../up", "s3://bucket/a b", "s3://bucket//x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="no place on object storage"):
        ut.load(url)


def test_missing_credentials_are_said(tmp_path: Path, server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    # Where a machine of Amazon's would ask for its own.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="no credentials; set AWS_ACCESS_KEY_ID"):
        ut.load(f"s3://{BUCKET}/x")


def test_keys_that_lead_out_of_the_mirror_are_left_alone(server: ObjectServer, cache: Path) -> None:
    for key in ("x/.a/run.json", "x/a/b/run.json", "x/a/steps/b/c.parquet", "x/a/notes.txt"):
        server.objects[key] = b"{}"
    server.objects["x/a/run.json"] = b"{}"
    Mirror(f"s3://{BUCKET}/x").refresh()
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["run.json"]


def test_a_key_with_dots_is_refused(server: ObjectServer, cache: Path) -> None:
    server.objects["x/../../evil/run.json"] = b"{}"
    with pytest.raises(StoreError, match="evil"):
        Mirror(f"s3://{BUCKET}/x").refresh()
    assert not cache.exists()


def test_what_is_deleted_there_goes_here(tmp_path: Path, server: ObjectServer) -> None:
    gone, stays = record(tmp_path / "runs", "gone"), record(tmp_path / "runs", "stays")
    place = f"s3://{BUCKET}/x"
    list(publish(tmp_path / "runs", place))
    recording = ut.load(place)
    for key in [key for key in server.objects if gone.name in key]:
        del server.objects[key]
    with warnings.catch_warnings(action="error"):
        assert recording.runs.to_arrow()["run"].to_pylist() == [stays.name]


def test_a_damaged_copy_raises_as_a_damaged_file_does(tmp_path: Path, server: ObjectServer) -> None:
    record(tmp_path / "runs")
    place = f"s3://{BUCKET}/x"
    list(publish(tmp_path / "runs", place))
    (key,) = (key for key in server.objects if key.endswith(".parquet"))
    server.objects[key] = server.objects[key][:-9] + b"?" + server.objects[key][-8:]
    with pytest.raises(CorruptFileError, match="steps"):
        ut.load(place).steps.to_arrow()


def test_an_answer_that_is_lost_is_no_error_the_second_time(tmp_path: Path, server: ObjectServer) -> None:
    record(tmp_path / "runs")
    server.fail = lambda method, key: "lost" if method == "PUT" and key.endswith(".parquet") else None
    with pytest.raises(StoreError, match="cannot be written"):
        list(publish(tmp_path / "runs", f"s3://{BUCKET}/x"))
    (key,) = server.objects
    bucket, content = Bucket(f"s3://{BUCKET}/x"), server.objects[key]
    server.fail = lambda method, key: None
    bucket.create(key.removeprefix("x/"), content)
    list(publish(tmp_path / "runs", f"s3://{BUCKET}/x"))
    assert len(ut.load(f"s3://{BUCKET}/x").steps.to_arrow()) == 20


@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_server_that_refuses_is_named_and_what_was_copied_stays(
    tmp_path: Path, server: ObjectServer, status: int
) -> None:
    record(tmp_path / "runs")
    place = f"s3://{BUCKET}/x"
    list(publish(tmp_path / "runs", place))
    recording = ut.load(place)
    server.fail = lambda method, key: status
    with pytest.raises(StoreError, match=place):
        recording.steps.to_arrow()
    server.fail = lambda method, key: None
    server.requests.clear()
    assert len(recording.steps.to_arrow()) == 20
    assert not [key for _, key in server.requests if key.endswith(".parquet")]


def test_a_slow_server_is_given_up_in_time(server: ObjectServer) -> None:
    server.fail = lambda method, key: 3.0
    start = time.monotonic()
    with pytest.raises(StoreError, match=f"s3://{BUCKET}/x"):
        Bucket(f"s3://{BUCKET}/x", 0.5).replace("run.json", b"{}")
    assert time.monotonic() - start < 2.5


def test_a_run_at_an_address_is_refused_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="undertow publish"):
        ut.Run(f"s3://{BUCKET}/x")
    assert list(tmp_path.iterdir()) == []
