import threading
import webbrowser
from types import SimpleNamespace

import pytest

import undertow as ut
from query.recorded import recording, training
from undertow import _show

ROWS = [{"epoch": 0, "loss": 2.0, "val_loss": 3.0}]


def test_show_returns_a_view_with_the_findings():
    losses = [100 * 0.5**epoch + 1 for epoch in range(40)]
    view = ut.show({"epoch": range(40), "loss": losses}, open=False)
    assert isinstance(view, ut.View)
    assert [finding.kind for finding in view.findings] == ["plateau"]
    assert ut.diagnose({"epoch": range(40), "loss": losses}) == list(view.findings)


def test_axes_and_colour_can_be_chosen():
    frame = ut.show(ROWS, axes=["loss", "epoch"], color="val_loss", open=False).frames[0]
    assert (frame.axes, frame.color) == (("loss", "epoch"), "val_loss")


def test_axes_go_by_label_and_become_the_first_preset():
    frame = ut.show(recording(*training()), axes=["loss", "dense"], open=False).frames[0]
    assert frame.axes == frame.presets[0].axes == ("loss", "dense:grad_norm")


def test_an_unknown_axis_is_refused_with_the_closest_name():
    with pytest.raises(
        ut.ViewError, match="no column 'los'; did you mean 'loss'\\? There are: 'epoch', 'loss', 'val_loss'"
    ):
        ut.show(ROWS, axes=["los"], open=False)
    with pytest.raises(ut.ViewError, match="no column 'zzz'"):
        ut.show(ROWS, color="zzz", open=False)


def test_what_names_no_axis_is_refused_and_any_title_is_text():
    for axes in ([], (), 5):
        with pytest.raises(ut.ViewError, match="name at least one column"):
            ut.show(ROWS, axes=axes, open=False)
    assert ut.show(ROWS, axes="loss", open=False).frames[0].axes == ("loss",)
    assert ut.show(ROWS, title=123, open=False).title == "123"


def test_one_rule_may_be_named_without_a_list():
    data = {"epoch": range(40), "loss": [100 * 0.5**epoch + 1 for epoch in range(40)]}
    assert [found.kind for found in ut.diagnose(data, rules="plateau")] == ["plateau"]
    assert ut.diagnose(data, rules="overfitting") == []
    with pytest.raises(ValueError, match="no rule 'plato'"):
        ut.diagnose(data, rules="plato")


def test_an_unknown_theme_is_refused_before_anything_opens():
    with pytest.raises(ut.ViewError, match="no theme 'pink'"):
        ut.show(ROWS, theme="pink")


def test_the_lens_asked_for_is_shown_first():
    assert ut.show(recording(*training()), lens="layers", open=False).frames[0].lens == "layers"


def test_the_title_is_the_folders_where_none_is_given(tmp_path):
    with ut.Run(tmp_path / "runs") as run:
        run.log(loss=1.0)
    assert ut.show(tmp_path / "runs", open=False).title == "runs"
    assert ut.show(ROWS, open=False).title == "Undertow"
    assert ut.show(ROWS, title="Mine", open=False).title == "Mine"


@pytest.fixture
def desk(monkeypatch):
    """A machine with a display, whose browser notes what it is asked to open; and a page of one word."""
    for name in ("CI", "SSH_CONNECTION", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(_show.sys, "platform", "linux")
    monkeypatch.setattr(ut.View, "_parts", lambda view: iter(["page"]))
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    return opened


def settled(view):
    for thread in threading.enumerate():
        if thread.name == "undertow-browser":
            thread.join(5)
    return view


def test_a_script_with_a_display_opens_the_page(desk):
    settled(ut.show(ROWS))
    assert len(desk) == 1


@pytest.mark.parametrize("name", ["CI", "SSH_CONNECTION"])
def test_in_ci_and_over_ssh_the_path_is_printed(desk, monkeypatch, capsys, name):
    monkeypatch.setenv(name, "1")
    settled(ut.show(ROWS))
    assert not desk
    assert capsys.readouterr().out.startswith("Undertow wrote ")


def test_without_a_display_the_path_is_printed(desk, monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY")
    ut.show(ROWS)
    assert not desk
    assert "Undertow wrote " in capsys.readouterr().out


def test_in_a_notebook_nothing_opens(desk, monkeypatch, capsys):
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(_show.sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    ut.show(ROWS)
    assert not desk
    assert capsys.readouterr().out == ""


def test_open_decides_where_it_is_given(desk, monkeypatch, capsys):
    ut.show(ROWS, open=False)
    assert not desk
    monkeypatch.setenv("CI", "1")
    settled(ut.show(ROWS, open=True))
    assert len(desk) == 1
