"""When a run counts as crashed."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import undertow as ut
from undertow.errors import CorruptFileError
from undertow.store import Follower, state_of


def about(seconds: float, host: Any) -> dict[str, Any]:
    beat = datetime.now(UTC) - timedelta(seconds=seconds)
    return {"state": "running", "end": None, "heartbeat": beat.isoformat(), "host": host}


@pytest.fixture(scope="module")
def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.skipif(os.name != "posix", reason="asks the system about a process")
def test_a_run_whose_process_is_gone_has_crashed_sooner(dead: int) -> None:
    here = platform.node()
    assert state_of(about(30, {"name": here, "pid": dead})) == "crashed"
    assert state_of(about(5, {"name": here, "pid": dead})) == "running", "it may be another container's"
    assert state_of(about(30, {"name": here, "pid": os.getpid()})) == "running"
    assert state_of(about(30, {"name": f"not-{here}", "pid": dead})) == "running"
    assert state_of(about(90, {"name": here, "pid": os.getpid()})) == "crashed"


@pytest.mark.parametrize("host", [None, {}, {"name": platform.node()}, {"name": platform.node(), "pid": "x"}])
def test_a_run_that_does_not_say_where_it_runs_is_waited_for(host: Any) -> None:
    assert state_of(about(30, host)) == "running"


def test_a_follower_that_is_not_strict_reads_what_it_can(tmp_path: Path) -> None:
    with ut.Run(tmp_path) as run:
        run.log(loss=1.0)
    (Path(run.path) / "steps" / "zz-0.parquet").write_bytes(b"not ours")
    with Follower(tmp_path) as strict, pytest.raises(CorruptFileError):
        strict.poll()
    with Follower(tmp_path, strict=False) as lenient:
        news = lenient.poll()
        assert len(news.steps) == 1
        assert ["zz-0.parquet" in problem for problem in news.problems] == [True]
        assert lenient.poll().problems == [], "told once"
