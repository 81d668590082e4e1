"""What HiPlot's fetchers take, its commands, and whatever else comes."""

import contextlib
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import undertow as ut
import undertow.hiplot as hip
from test_hiplot import fetch
from undertow import _cli
from undertow.errors import SourceError
from undertow.hiplot import _server
from undertow.hiplot.fetchers import get_fetchers
from undertow.sources import from_hiplot

# URIs


def test_every_kind_of_uri(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("uid,a\nu,1\n")
    Path("b.json").write_text('[{"b": "2"}]')
    pl.DataFrame({"c": [3]}).write_parquet("c.parquet")
    Path("mine.py").write_text(
        "import undertow.hiplot as hip\ndef fetcher(uri):\n"
        "    if not uri.startswith('mine://'): raise hip.ExperimentFetcherDoesntApply()\n"
        "    return hip.Experiment.from_iterable([{'d': int(uri[7:])}])\n"
    )
    values = lambda uri, *own: [point.values for point in fetch(uri, *own).datapoints]  # noqa: E731
    assert values("a.csv") == [{"a": 1}]
    assert values("b.json") == [{"b": 2}]
    assert values("c.parquet") == [{"c": 3}]
    assert values('json://[{"x": 1},\n{"x": 2}]') == [{"x": 1}, {"x": 2}]
    assert values("mine://4", "mine.fetcher") == [{"d": 4}]
    assert values(' \na.csv\nmulti://["b.json",\n"c.parquet"]\nmine://5\n', "mine.fetcher") == [
        {"a": 1, "exp": "0"},
        {"b": 2, "exp": "1"},
        {"c": 3, "exp": "1"},
        {"d": 5, "exp": "2"},
    ]
    assert values('multi://{"x": "a.csv", "y": "multi://[\\"b.json\\"]"}') == [
        {"a": 1, "exp": "x"},
        {"b": 2, "exp": "y"},
    ]
    for uri in ("no.csv", "nowhere://x", "", "x" * 5000, "a\0b"):
        with pytest.raises(hip.fetchers.NoFetcherFound, match="Unable to fetch"):
            fetch(uri)
    for uri in ("multi://3", "multi://[", "multi://[1]", "json://{", "json://[3]"):
        with pytest.raises(SourceError):
            fetch(uri)
    for spec in ("mine.other", "nomodule.f", "plain"):
        with pytest.raises(hip.ExperimentValidationError):
            get_fetchers([spec])


def test_nevergrads_json(tmp_path):
    job = {"job_id": "1", "kwargs": {"lr": 0.1}, "results": {"scores": {"loss": 2.0}}}
    (tmp_path / "n.json").write_text(json.dumps([job]))
    assert fetch(str(tmp_path / "n.json")).datapoints[0].values == {"id": "1", "lr": "0.1", "loss": 2.0}


# Commands


def test_the_command_that_renders(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("uid,ä\nu,1\n", encoding="utf-8")
    run = lambda *arguments: CliRunner().invoke(_cli.app, ["hiplot-render", *arguments])  # noqa: E731
    assert run(str(path), "--format", "csv").stdout_bytes == "uid,from_uid,ä\r\nu,,1\r\n".encode()
    assert run(str(path)).stdout.startswith("<!doctype html>")
    assert isinstance(run("nowhere").exception, hip.fetchers.NoFetcherFound)


def test_the_server_answers_who_has_its_token_and_no_other(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("a\n1\n")
    urls, told, servers = [], threading.Event(), []

    def started(url):
        urls.append(url)
        told.set()

    import uvicorn

    made = uvicorn.Server.__init__
    monkeypatch.setattr(
        uvicorn.Server, "__init__", lambda self, *a, **k: (made(self, *a, **k), servers.append(self))[0]
    )
    thread = threading.Thread(target=hip.run_server, args=(get_fetchers(), "127.0.0.1", 0), kwargs={"started": started})
    thread.start()
    assert told.wait(20)
    try:
        form = urllib.request.urlopen(urls[0])
        assert "form-action 'self'" in form.headers["content-security-policy"]
        assert b"<textarea" in form.read()
        ask = lambda uri: urllib.request.urlopen(f"{urls[0]}&uri={urllib.parse.quote(str(uri))}")  # noqa: E731
        page = ask(tmp_path / "a.csv")
        assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert b"undertow-header" in page.read()
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask("<b>nowhere")
        assert caught.value.code == 400
        text = caught.value.read().decode()
        assert "&lt;b&gt;nowhere" in text
        assert "<b>" not in text
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urls[0].split("token=")[0] + f"token=x&uri={tmp_path}/a.csv")
        assert caught.value.code == 403
    finally:
        servers[0].should_exit = True
        thread.join(20)


def test_a_fetcher_that_fails_is_told_and_takes_nothing_down():
    def broken(uri):
        raise ZeroDivisionError("<oops>")

    status, text, policy = _server.pages([broken], "token")("x")
    assert (status, policy) == (500, _server._FORM_POLICY)
    assert "ZeroDivisionError: &lt;oops&gt;" in text


# Whatever comes


WORDS = st.sampled_from(
    "uid from_uid values a type colors colormap force_value_min label_html order hide invert PARALLEL_PLOT XY TABLE "
    "axis_x order_by numeric categorical timestamp numericlog rows columns interpolateTurbo#inverse".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)
POINT = st.fixed_dictionaries(
    {"values": st.dictionaries(WORDS, JSON, max_size=3)}, optional={"uid": JSON, "from_uid": JSON}
)
SETTINGS = {
    name: JSON | st.dictionaries(WORDS, JSON | st.dictionaries(WORDS, JSON))
    for name in "parameters_definition colormap colorby weightcolumn display_data enabled_displays".split()
}


@settings(deadline=None, max_examples=400)
@given(st.fixed_dictionaries({"datapoints": st.lists(POINT, min_size=1, max_size=4) | JSON}, optional=SETTINGS))
def test_no_json_does_worse_than_an_error_of_ours(value):
    try:
        frame = from_hiplot(value, "it")
    except SourceError:
        return
    assert frame.axes
    ut.show(frame, open=False).html.encode()


@settings(deadline=None, max_examples=200)
@given(st.fixed_dictionaries({"datapoints": st.lists(POINT, min_size=1, max_size=4)}, optional=SETTINGS))
def test_no_experiment_read_by_a_fetcher_does_worse_either(value):
    with contextlib.suppress(SourceError):
        fetch("json://" + json.dumps(value)).validate().to_json()
