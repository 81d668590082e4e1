"""The live server: what it tells of runs that change, vanish or are damaged."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import undertow as ut
from serving import Client, header_of, record, serving, until
from undertow.errors import ViewError
from undertow.view import _server
from undertow.view._live import Live
from undertow.view._server import Server

pytestmark = pytest.mark.usefixtures("front")
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_frames_hold_the_rows_and_nothing_new_is_not_sent_again(client: Client) -> None:
    header = client.frames()
    assert header is not None
    [frame] = header["frames"]
    assert (frame["lens"], frame["rows"], frame["remote"]) == ("steps", 5, False)
    assert client.frames(have=header["snapshot"]) is None


def test_rows_come_in_while_a_training_writes(root: Path) -> None:
    with serving(root) as client, ut.Run(root, name="now") as run:
        run.log(step=0, epoch=0, loss=1.0)
        assert until(lambda: (client.frames() or {"frames": []})["frames"] != [])
        for epoch in range(1, 8):
            run.log(step=epoch, epoch=epoch, loss=1.0)
        assert until(lambda: client.frames()["frames"][0]["rows"] == 8, 2)
        assert [entry["state"] for entry in client.runs().values()] == ["running"]


def test_of_a_frame_that_grew_only_what_is_new_is_sent(root: Path) -> None:
    with serving(root) as client, ut.Run(root, name="now") as run:
        for step in range(3000):
            run.log(step=step, loss=1 / (step + 1))
        run.flush()
        assert until(lambda: client.frames()["frames"] != [] and client.frames()["frames"][0]["rows"] == 3000)
        whole = client.ask("/api/frames", {"runs": None})[2]
        have = header_of(whole)["snapshot"]
        run.log(step=3000, loss=0.5)
        assert until(lambda: client.frames()["frames"][0]["rows"] == 3001)
        grown = client.ask("/api/frames", {"runs": None, "have": have})[2]
        assert header_of(grown)["frames"][0]["kept"]["starts"]["length"] == 2
        assert len(grown) < len(whole) / 5
        unknown = client.ask("/api/frames", {"runs": None, "have": "another server's"})[2]
        assert "kept" not in header_of(unknown)["frames"][0]


def test_runs_are_picked_by_id_and_strangers_left_out(client: Client, root: Path) -> None:
    other = record(root, rows=3, name="other")
    assert until(lambda: other.name in client.runs())
    assert client.frames([other.name])["frames"][0]["rows"] == 3
    assert client.frames(None)["frames"][0]["rows"] == 8
    header = client.frames([other.name, "../" + other.name, "nobody", "..", "/etc"])
    assert header["runs"] == [other.name]
    assert client.frames([])["frames"] == []


def test_a_run_that_is_deleted_while_it_is_shown_goes(client: Client, root: Path) -> None:
    gone = record(root, rows=3, name="gone")
    assert until(lambda: gone.name in client.runs())
    assert client.frames()["frames"][0]["rows"] == 8
    shutil.rmtree(gone)
    assert until(lambda: gone.name not in client.runs())
    assert client.frames()["frames"][0]["rows"] == 5
    shutil.rmtree(root)
    assert until(lambda: client.runs() == {})
    assert client.frames()["frames"] == []


def test_a_truncated_or_foreign_file_costs_its_own_rows_only(root: Path) -> None:
    folder = record(root, rows=5)
    with ut.Run(root, resume=folder.name) as run:
        run.log(step=9, epoch=9, loss=0.1)
    torn, *_ = sorted((folder / "steps").glob("*.parquet"))
    content = torn.read_bytes()
    torn.write_bytes(content[: len(content) // 2])
    (folder / "steps" / "foreign-0.parquet").write_bytes(b"PAR1 this is none of ours")
    (folder / "steps" / "foreign-1.tail").write_bytes(b"neither is this")
    (folder / "steps" / "notes.txt").write_text("hello")
    with serving(root) as client:
        header = client.frames()
        assert 0 < header["frames"][0]["rows"] < 6
        assert any(torn.name in problem for problem in header["problems"])
        assert any("foreign-0" in problem for problem in header["problems"])
        assert until(lambda: "cannot be read" in (client.runs()[folder.name]["problem"] or ""))


def test_a_run_without_a_readable_description_is_listed_as_such(client: Client, root: Path) -> None:
    (root / "broken").mkdir()
    (root / "broken" / "run.json").write_text("{")
    assert until(lambda: client.runs().get("broken", {}).get("state") == "unreadable")
    assert client.frames()["frames"][0]["rows"] == 5
    assert client.frames(["broken"])["frames"] == []


def test_a_run_whose_times_are_none_takes_no_other_down(client: Client, root: Path) -> None:
    odd = record(root, rows=3, name="odd")
    about = json.loads((odd / "run.json").read_text())
    (odd / "run.json").write_text(json.dumps({**about, "start": "yesterday"}))
    assert until(lambda: client.runs().get(odd.name, {}).get("state") == "unreadable")
    assert client.frames([odd.name, *(name for name in client.runs() if name != odd.name)])["frames"][0]["rows"] == 5


def test_links_that_lead_out_are_not_followed(client: Client, root: Path, tmp_path: Path) -> None:
    secret = record(tmp_path / "elsewhere", rows=7, name="secret")
    (root / "link").symlink_to(secret)
    inner = record(root, rows=2, name="inner")
    for path in (secret / "steps").iterdir():
        (inner / "steps" / f"x-{path.name}").symlink_to(path)
    disguised = root / "disguised"
    disguised.mkdir()
    (disguised / "run.json").symlink_to(secret / "run.json")
    (disguised / "steps").symlink_to(secret / "steps")
    assert until(lambda: {"link", "disguised", inner.name} <= set(client.runs()))
    runs = client.runs()
    assert [runs[name]["state"] for name in ("link", "disguised", inner.name)] == ["unreadable"] * 3
    assert not any(run["name"] == "secret" for run in runs.values())
    assert "leads out of" in runs["link"]["problem"]
    assert client.frames(["link", "disguised", inner.name])["frames"] == []


def test_a_link_within_the_folder_is(client: Client, root: Path) -> None:
    real = record(root, rows=2, name="real")
    (root / "alias").symlink_to(real.name)
    assert until(lambda: client.runs().get("alias", {}).get("state") == "finished")


def test_a_link_that_appears_later_ends_the_reading(root: Path, tmp_path: Path) -> None:
    secret = record(tmp_path / "elsewhere", rows=7, name="secret")
    folder = record(root, rows=2)
    with serving(root) as client:
        assert client.frames()["frames"][0]["rows"] == 2
        for path in (secret / "steps").iterdir():
            (folder / "steps" / f"x-{path.name}").symlink_to(path)
        assert until(lambda: "leads out of" in (client.runs()[folder.name]["problem"] or ""))
        assert client.frames()["frames"][0]["rows"] == 2


def test_hostile_names_stay_text(root: Path) -> None:
    record(root, name=EVIL, config={EVIL: EVIL})
    hostile = root.rename(root.parent / "<img src=x onerror=alert(1)>")
    with serving(hostile) as client:
        _, headers, page = client.ask("/")
        assert headers["content-type"].startswith("text/html")
        assert b"<img" not in page
        assert b"&lt;img" in page
        _, headers, body = client.ask("/api/runs")
        assert headers["content-type"] == "application/json"
        [run] = json.loads(body)["runs"]
        assert run["name"] == EVIL
        assert run["config"] == {EVIL: EVIL}


def test_events_tell_all_runs_first_and_then_what_changed(client: Client, root: Path) -> None:
    stream = Stream(client)
    first = stream.next()
    assert [run["name"] for run in first["runs"]] == ["mlp"]
    added = record(root, name="more")
    seen: list[str] = []
    while added.name not in seen:
        seen += [run["id"] for run in stream.next()["runs"]]
    shutil.rmtree(added)
    while added.name not in stream.next()["gone"]:
        pass
    stream.close()


def test_a_hundred_pages_at_once(client: Client, root: Path) -> None:
    """Each holds its stream open and asks for the frames again and again while a training writes."""
    failures: list[str] = []
    rows: list[int] = []
    streams = [Stream(client) for _ in range(100)]
    done = threading.Event()

    def page(stream: Stream) -> None:
        try:
            stream.next()
            have, count = None, 0
            while not done.is_set():
                header = client.frames(have=have)
                if header is not None:
                    have, count = header["snapshot"], header["frames"][0]["rows"]
                time.sleep(0.25)
            header = client.frames(have=have)
            rows.append(count if header is None else header["frames"][0]["rows"])
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=page, args=(stream,)) for stream in streams]
    for thread in threads:
        thread.start()
    with ut.Run(root, name="now") as run:
        for epoch in range(20):
            run.log(step=epoch, epoch=epoch, loss=1.0)
            time.sleep(0.1)
    assert until(lambda: client.frames()["frames"][0]["rows"] == 25)
    done.set()
    for thread in threads:
        thread.join(30)
    for stream in streams:
        stream.close()
    assert failures == []
    assert rows == [25] * 100


def test_a_reader_that_does_not_read_holds_up_nobody(client: Client, root: Path) -> None:
    lazy = Stream(client)
    with ut.Run(root, name="now") as run:
        for epoch in range(300):
            run.log(step=epoch, epoch=epoch, loss=1.0)
        assert until(lambda: client.frames()["frames"][0]["rows"] == 305)
    lazy.close()


def test_one_snapshot_is_made_for_all_who_ask(client: Client) -> None:
    versions: list[str] = []
    threads = [threading.Thread(target=lambda: versions.append(client.frames()["snapshot"])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(versions)) == 1 and len(versions) == 20


def test_a_folder_that_is_itself_a_run_is_served(root: Path) -> None:
    folder = record(root)
    with serving(folder) as client:
        assert client.frames()["frames"][0]["rows"] == 5


def test_there_must_be_a_folder_and_a_free_address(tmp_path: Path) -> None:
    with pytest.raises(ViewError, match="not a folder"):
        Server(tmp_path / "none")
    with serving(tmp_path) as client, pytest.raises(ViewError, match="cannot listen"):
        Server(tmp_path, port=client.server.port)


def test_the_command_says_its_address_and_stops_at_a_signal(root: Path) -> None:
    code = "from undertow._cli import main; main()"
    command = [sys.executable, "-c", code, "serve", str(root), "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line and "token=" in line
        process.terminate()
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert errors == ""


def test_without_starlette_the_error_says_what_to_install(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from undertow import view

    monkeypatch.delitem(sys.modules, "undertow.view._server")
    monkeypatch.delattr(view, "_server", raising=False)
    monkeypatch.setitem(sys.modules, "starlette", None)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    with pytest.raises(ViewError, match=r"pip install 'undertow\[server\]'"):
        view.server(root)


def test_header_of_reads_what_was_packed(client: Client) -> None:
    _, _, body = client.ask("/api/frames", {"runs": None})
    header = header_of(body)
    length = int.from_bytes(body[:4], "little")
    assert 4 + length + sum(block["size"] for block in header["blocks"]) == len(body)


class Stream:
    """A stream of server-sent events."""

    def __init__(self, client: Client) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", client.server.port, timeout=20)
        self._connection.request("GET", f"/api/events?token={client.server.token}")
        self._response = self._connection.getresponse()
        assert self._response.status == 200

    def next(self) -> dict[str, Any]:
        while True:
            line = self._response.readline()
            assert line, "the stream ended"
            if line.startswith(b"data: "):
                return json.loads(line[6:])

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def ask(client: Client, question: str, query: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    snapshot = client.frames()["snapshot"]
    body = {"snapshot": snapshot, "lens": "steps", "question": question, "query": query, **more}
    status, _, answer = client.ask("/api/ask", body)
    return status, header_of(answer)["answer"] if status == 200 else json.loads(answer)


def test_questions_are_answered_about_a_snapshot(client: Client) -> None:
    assert ask(client, "select", {"columns": {"epoch": {"ranges": [[1, 3]]}}})[1]["count"] == 3
    status, [summary] = ask(client, "describe", {"columns": ["loss"]})
    assert (status, summary["min"], summary["max"], summary["rows"]) == (200, 0.2, 1.0, 5)


@pytest.mark.parametrize(
    ("status", "question", "query", "more"),
    [
        (410, "select", {}, {"snapshot": "old"}),
        (410, "select", {}, {"lens": "none"}),
        (400, "drop", {}, {}),
        (400, "select", [], {}),
        (400, "describe", {"columns": ["../../etc/passwd"]}, {}),
        (400, "describe", None, {}),
        (400, "values", {"ids": [5], "columns": []}, {}),
        (400, "values", {"ids": [-1], "columns": []}, {}),
        (400, "values", {"ids": [True], "columns": []}, {}),
        (400, "values", {"ids": [10**30], "columns": []}, {}),
        (400, "cube", {"pairs": [], "bins": 10**9}, {}),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_words(
    client: Client, status: int, question: str, query: Any, more: Any
) -> None:
    found, answer = ask(client, question, query, **more)
    assert found == status
    assert answer["error"]


def test_nobody_works_for_a_page_that_has_hung_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(engine: Any, question: str, query: Any, ticket: Any) -> bytes:
        begun.set()
        try:
            while True:
                ticket.check()
                time.sleep(0.01)
        finally:
            ended.set()

    snapshot = client.frames()["snapshot"]
    monkeypatch.setattr(_server, "answer", endless)
    connection = http.client.HTTPConnection("127.0.0.1", client.server.port, timeout=10)
    body = json.dumps({"snapshot": snapshot, "lens": "steps", "question": "select", "query": {}})
    connection.request("POST", "/api/ask", body, {"authorization": f"Bearer {client.server.token}"})
    assert begun.wait(5)
    connection.close()
    assert ended.wait(2)
    assert client.ask("/api/runs")[0] == 200


def test_a_question_may_not_take_for_ever(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(engine: Any, question: str, query: Any, ticket: Any) -> bytes:
        while True:
            ticket.check()
            time.sleep(0.01)

    monkeypatch.setattr(_server, "answer", endless)
    monkeypatch.setattr(Live, "most_seconds", 0.2)
    status, answer = ask(client, "select", {})
    assert status == 503
    assert "more than" in answer["error"]
