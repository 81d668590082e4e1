"""One run over several processes: resumed after a crash, joined by ranks, and told to be alive by its heartbeat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from undertow.errors import NotARunError
from undertow.record import Run, _writer
from undertow.record._describe import redacted
from undertow.record._git import GitFacts
from undertow.store import load

ROOT = Path(__file__).parents[2]


def about(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text("utf-8"))


def rewrite(folder: Path, **changes: Any) -> None:
    (folder / "run.json").write_text(json.dumps({**about(folder), **changes}))


def test_a_resumed_run_shows_the_newest_attempt_of_each_step(tmp_path: Path) -> None:
    with Run(tmp_path, name="r", config={"lr": 0.1}, tags=["a"]) as first:
        for step in range(5):
            first.log(loss=float(step), step=step)
    with Run(tmp_path, resume=first.id) as second:
        assert (second.id, second.path, second.attempt, second.name) == (first.id, first.path, 1, "r")
        assert second.next_step == 5
        for step in (3, 4):
            second.log(loss=10.0 * step, step=step)
        second.log(loss=50.0)
    table = load(tmp_path).steps.to_arrow()
    assert table["loss"].to_pylist() == [0.0, 1.0, 2.0, 30.0, 40.0, 50.0]
    assert table["attempt"].to_pylist() == [0, 0, 0, 1, 1, 1]
    written = about(first.path)
    assert (written["attempt"], written["config"], written["tags"]) == (1, {"lr": 0.1}, ["a"])
    assert [old["attempt"] for old in written["attempts"]] == [0]
    assert load(tmp_path).runs.to_arrow()["attempt"].to_pylist() == [1]


def test_a_killed_run_is_resumed_from_its_tail(tmp_path: Path) -> None:
    script = (
        "import os, sys; from undertow.record import Run\n"
        "run = Run(sys.argv[1], id='r'); run.log(loss=1.0, step=41); run.flush(); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=with_source(), check=False, timeout=60)
    with Run(tmp_path, resume="r") as run:
        assert (run.attempt, run.next_step) == (1, 42)
        run.log(loss=2.0)
    assert load(tmp_path).steps.to_arrow()["step"].to_pylist() == [41, 42]


def test_a_process_that_was_taken_for_dead_does_not_speak_for_its_successor(tmp_path: Path) -> None:
    with Run(tmp_path) as first, Run(tmp_path, resume=first.id) as second:
        first.log(loss=1.0, step=7)
        first.close("failed")
        assert about(second.path)["attempt"] == 1
        assert about(second.path)["state"] == "running"
    assert load(tmp_path).steps.to_arrow()["step"].to_pylist() == [7]


def test_ranks_join_one_run_without_talking_to_each_other(tmp_path: Path) -> None:
    with Run(tmp_path, name="n", id="r", rank=0) as zero, Run(tmp_path, id="r", rank=1) as one:
        for run in (zero, one):
            run.log(loss=float(run.rank), step=0)
            row = {"module": "a", "depth": 0, "shape": [1], "size": 1, "dtype": "float32"}
            run.set_params([{"param": "a", **row}, {"param": f"only-{run.rank}", **row}])
            run.record_layers(0, None, ("a",), (1,), np.ones((1, 5), np.float32), np.zeros((1, 2), np.int64))
    recording = load(tmp_path)
    assert recording.steps.to_arrow().select(["rank", "attempt", "loss"]).to_pylist() == [
        {"rank": 0, "attempt": 0, "loss": 0.0},
        {"rank": 1, "attempt": 0, "loss": 1.0},
    ]
    assert sorted(recording.layers.to_arrow()["rank"].to_pylist()) == [0, 1]
    assert sorted(recording.params.to_arrow()["param"].to_pylist()) == ["a", "only-0", "only-1"]
    assert recording.runs.to_arrow().select(["run", "name", "state"]).to_pylist() == [
        {"run": "r", "name": "n", "state": "finished"}
    ]
    (rank_file,) = (zero.path / "ranks").glob("1-*.json")
    assert json.loads(rank_file.read_text())["state"] == "finished"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_ranks_that_resume_in_any_order_agree_on_the_attempt(tmp_path: Path, order: tuple[int, int]) -> None:
    runs = [Run(tmp_path, id="r", rank=rank) for rank in (0, 1)]
    for run in reversed(runs):
        run.close()
    for attempt in (1, 2):
        runs = [Run(tmp_path, resume="r", rank=rank) for rank in order]
        assert [run.attempt for run in runs] == [attempt, attempt]
        for run in runs:
            run.close()


def test_a_new_rank_takes_part_in_the_attempt_that_runs(tmp_path: Path) -> None:
    Run(tmp_path, id="r").close()
    with Run(tmp_path, resume="r") as zero, Run(tmp_path, resume="r", rank=7) as seven:
        assert zero.attempt == seven.attempt == 1
    with Run(tmp_path, resume="r", rank=8) as early:
        assert early.attempt == 2


@pytest.mark.parametrize(("text", "rank"), [("3", 3), ("", 0), ("x", 0), ("-1", 0), ("²", 0)])
def test_the_rank_is_that_of_the_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, rank: int
) -> None:
    monkeypatch.setenv("RANK", text)
    with Run(tmp_path) as run:
        assert run.rank == rank
    assert (run.path / "run.json").exists(), "who makes a run tells of it, whatever its rank"


@pytest.mark.parametrize("bad", ["../x", "", "X", "a/b", "7", "a" * 200])
def test_an_id_never_leads_out_of_the_folder(tmp_path: Path, bad: str) -> None:
    for arguments in ({"id": bad}, {"resume": bad}):
        with pytest.raises(ValueError, match="no run's id"):
            Run(tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_there_must_be_a_run_to_resume(tmp_path: Path) -> None:
    with pytest.raises(NotARunError, match="no run gone"):
        Run(tmp_path, resume="gone")
    with pytest.raises(ValueError, match="give one of them"):
        Run(tmp_path, resume="a", id="a")


def at(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"heartbeat": -3600}, "crashed"),
        ({"heartbeat": -1}, "running"),
        ({"heartbeat": 86400}, "running"),  # a clock that went back
        ({"heartbeat": -3600, "end": -3600, "state": "finished"}, "finished"),
        ({"heartbeat": -3600, "state": "degraded"}, "crashed"),
        ({"heartbeat": None}, "running"),  # before there was a heartbeat
    ],
)
def test_a_run_without_heartbeat_has_crashed(tmp_path: Path, changes: dict[str, Any], state: str) -> None:
    with Run(tmp_path) as run:
        # Seconds from now, not from when the tests were collected.
        rewrite(
            run.path, **{name: at(change) if isinstance(change, int) else change for name, change in changes.items()}
        )
        assert load(tmp_path).runs.to_arrow()["state"].to_pylist() == [state]


def test_the_heart_beats_while_nothing_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_writer, "_BEAT_SECONDS", 0.0)
    with Run(tmp_path) as run:
        first = about(run.path)["heartbeat"]
        for _ in range(3):
            run.flush()
        assert about(run.path)["heartbeat"] > first


def test_a_clock_that_goes_back_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Run(tmp_path) as run:
        run.log(loss=1.0)
        monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000_000)
        run.log(loss=2.0)
        assert run.flush()
    table = load(tmp_path).steps.to_arrow()
    assert table["loss"].to_pylist() == [1.0, 2.0]
    assert table["time"][1].as_py() < table["time"][0].as_py()


def with_source() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"git does not work here: {done.stderr}")
    return done.stdout.strip()


def test_the_commit_is_recorded_and_whether_the_tree_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    assert GitFacts(tmp_path).get(10) is None, "no commit yet"
    (tmp_path / "train.py").write_text("a")
    git(tmp_path, "add", "train.py")
    git(tmp_path, "commit", "-qm", "a")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert GitFacts(tmp_path).get(10) == {"commit": commit, "branch": "trunk", "dirty": False}
    (tmp_path / "train.py").write_text("b")
    monkeypatch.chdir(tmp_path)
    with Run(tmp_path / "runs") as run:
        pass
    assert about(run.path)["git"] == {"commit": commit, "branch": "trunk", "dirty": True}
    assert GitFacts(tmp_path / "no such folder").get(10) is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["train.py", "--api-key", "s3cret", "--lr", "1"], ["train.py", "--api-key", "[redacted]", "--lr", "1"]),
        (["train.py", "--wandbToken=s3cret"], ["train.py", "--wandbToken=[redacted]"]),
        (["train.py", "model.password=x y"], ["train.py", "model.password=[redacted]"]),
        (["train.py", "hf_" + "a" * 30], ["train.py", "[redacted]"]),
        (["train.py", "https://u:p4ss@host/x"], ["train.py", "https://[redacted]@host/x"]),
        (["train.py", "--token", "--lr", "1"], ["train.py", "--token", "--lr", "1"]),
        (
            ["keys.py", "monkey", "--max-tokens", "5", "--lr=0.1"],
            ["keys.py", "monkey", "--max-tokens", "5", "--lr=0.1"],
        ),
        ([], []),
    ],
)
def test_secrets_do_not_get_into_the_command_line(command: list[str], expected: list[str]) -> None:
    assert redacted(command) == expected
