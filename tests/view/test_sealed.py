"""A folder whose rows stay where they are: what a page is told, and who answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import undertow as ut
from serving import Client, header_of, record, serving
from undertow import _cli
from undertow.errors import NotARunError, QueryError
from undertow.query._questions import ColumnFilter, Filters


def ask(client: Client, header: dict[str, Any], lens: str, question: str, query: Any) -> Any:
    body = {"snapshot": header["snapshot"], "lens": lens, "question": question, "query": query}
    status, _, answer = client.ask("/api/ask", body)
    assert status == 200, answer
    return header_of(answer)["answer"]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    for name in ("first", "second"):
        with ut.Run(root, name=name) as run:
            for epoch in range(30):
                run.log(step=epoch, epoch=epoch, loss=float("nan") if epoch == 7 else 1 / (epoch + 1))
            run.record_layers(0, 0, ("a/kernel", "b"), (6, 2), np.ones((2, 5), np.float32), np.ones((2, 2), np.int64))
    return root


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def test_a_page_asks_about_what_is_sealed(runs: Path, engine: str, request: pytest.FixtureRequest) -> None:
    master = None if engine == "duckdb" else request.getfixturevalue("spark").sparkContext.master
    with serving(runs, engine=engine, master=master) as client:
        header = client.frames()
        assert header is not None
        frames = {frame["lens"]: frame for frame in header["frames"]}
        assert {lens: (frame["rows"], frame["remote"]) for lens, frame in frames.items()} == {
            "layers": (4, True),
            "steps": (60, True),
        }
        assert frames["steps"]["axes"][:2] == ["step", "loss"]
        [loss] = ask(client, header, "steps", "describe", {"columns": ["loss"]})
        assert (loss["rows"], loss["nan"], loss["max"]) == (60, 2, 1)
        page = ask(client, header, "layers", "rows", {"columns": ["param", "sum_sq"], "limit": 10})
        assert page["total"] == 4
        assert client.frames(have=header["snapshot"]) is None
        record(runs, name="third")
        assert_grown(client, header)


def assert_grown(client: Client, header: dict[str, Any]) -> None:
    from serving import until

    found: list[Any] = []

    def grown() -> bool:
        found[:] = [client.frames(have=header["snapshot"])]
        return found[0] is not None

    assert until(grown, 20)
    assert {frame["lens"]: frame["rows"] for frame in found[0]["frames"]} == {"layers": 4, "steps": 65}


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def test_load_with_an_engine_asks_rather_than_reads(runs: Path, engine: str, request: pytest.FixtureRequest) -> None:
    session = None if engine == "duckdb" else request.getfixturevalue("spark")
    recording = ut.load(runs, engine=engine, master=session)
    assert recording.steps.rows_total == 60
    assert recording.steps.select(Filters({"loss": ColumnFilter(special=("nan",))})).count == 2
    assert recording.layers.describe(["param"])[0].names is not None
    assert sorted(recording.layers.describe(["param"])[0].names or ()) == ["a/kernel", "b"]


def test_what_cannot_be_asked_is_said(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="no engine 'dask'"):
        ut.load(runs, engine="dask")
    with pytest.raises(QueryError, match="--master"):
        ut.load(runs, engine="spark")
    with pytest.raises(QueryError, match="did you mean the engine spark"):
        ut.load(runs, master="spark://a:1")
    with pytest.raises(NotARunError):
        ut.load(tmp_path / "none", engine="duckdb")
    open_run = ut.Run(tmp_path / "open", name="open")
    open_run.log(loss=1.0)
    with pytest.raises(QueryError, match="no sealed segment of 'steps'"):
        _ = ut.load(tmp_path / "open", engine="duckdb").steps
    open_run.close()


def test_serve_says_what_it_lacks(runs: Path) -> None:
    found = CliRunner().invoke(_cli.app, ["serve", str(runs), "--engine", "spark", "--no-open"])
    assert isinstance(found.exception, QueryError)
    assert "--master" in str(found.exception)
