"""`to_streamlit`: in a Streamlit of our own making, and in the real one where it is installed."""

import sys
import textwrap
from types import SimpleNamespace

import pytest

import undertow as ut
import undertow.hiplot as hip
from undertow.hiplot import _streamlit

ROWS = [{"opt": "sgd", "lr": 0.01, "loss": 10.0}, {"opt": "adam", "lr": 0.1, "loss": 15.0}]


@pytest.mark.parametrize("age", ["new", "old"])
def test_streamlit_shows_the_page_and_says_what_does_not_come_back(monkeypatch, age):
    experiment = hip.Experiment.from_iterable(ROWS)
    pages = []
    frame = {"iframe": lambda page, **size: pages.append(page)} if age == "new" else {}
    components = SimpleNamespace(v1=SimpleNamespace(html=lambda page, **size: pages.append(page)))
    monkeypatch.setitem(sys.modules, "streamlit", SimpleNamespace(components=components, **frame))
    monkeypatch.setitem(sys.modules, "streamlit.runtime", SimpleNamespace(exists=lambda: True))
    assert experiment.display_st(key="k") is None
    with pytest.warns(UserWarning, match="does not come back"):
        assert experiment.display_st(ret=["brush_extents", "selected_uids"]) == ((), ("0", "1"))
    assert pages == [experiment.to_html()] * 2
    with pytest.raises(ut.ViewError, match="there is no 'x'"):
        experiment.to_streamlit(ret="x")
    with pytest.raises(RuntimeError, match="display_st"):
        experiment.display()
    assert _streamlit.is_streamlit()


def test_outside_of_an_app_the_error_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"needs Streamlit|streamlit run"):
        hip.Experiment.from_iterable(ROWS).display_st()


def test_a_real_app_shows_cached_components_without_complaint(tmp_path):
    # Tried with Streamlit 1.67; it is too large to come with the other packages of the tests.
    testing = pytest.importorskip("streamlit.testing.v1")
    script = tmp_path / "app.py"
    script.write_text(
        textwrap.dedent(
            """
            import streamlit as st
            import undertow.hiplot as hip

            @st.cache_data
            def component():
                return hip.Experiment.from_iterable([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]).to_streamlit(key="k")

            component().display()
            again = hip.Experiment.from_iterable([{"a": 1}, {"a": 2}])
            st.write(again.to_streamlit(ret=["selected_uids", "brush_extents"]).display())
            """
        )
    )
    app = testing.AppTest.from_file(str(script), default_timeout=60).run()
    assert not app.exception
    frames = app.get("iframe")
    assert len(frames) == 2
    assert all("<!doctype html>" in frame.proto.srcdoc[:40].lower() for frame in frames)
    app.run()
    assert not app.exception
