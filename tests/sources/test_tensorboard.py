"""TensorBoard's logs, as its own writers write them: PyTorch's, TensorBoard's, and (a file that was kept) Keras'."""

import datetime as dt
import math
import struct
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import undertow as ut
from undertow._dispatch import frames_of, logged_of
from undertow.errors import SourceError
from undertow.sources import logs_in
from undertow.sources._histograms import parameter_of
from undertow.sources._logged import Points

pytest.importorskip("tensorboard")
torch = pytest.importorskip("torch")
# TensorBoard's own switch, without which PyTorch's writer loads all of TensorFlow.
sys.modules.setdefault("tensorboard.compat.notf", types.ModuleType("notf"))
KERAS = Path(__file__).parents[1] / "log_files" / "keras"


def writer(path):
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(path))


def runs(*paths, **options):
    return logged_of([Path(path) for path in paths], **options).several


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small training in PyTorch's writer, and the gradients and weights that it had."""
    folder = tmp_path_factory.mktemp("logs") / "mlp"
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1))
    seen = []
    with writer(folder) as log:
        for step in range(3):
            model.zero_grad()
            loss = model(torch.randn(8, 3)).square().mean()
            loss.backward()
            log.add_scalar("train/loss", loss.item(), step)
            for name, weight in model.named_parameters():
                log.add_histogram(f"gradients/{name}", weight.grad, step)
                log.add_histogram(f"weights/{name}", weight, step)
                seen.append((step, name, weight.grad.double().numpy().copy(), weight.detach().double().numpy().copy()))
            log.add_histogram("logits", torch.randn(10), step)
            log.add_text("note", "hello", step)
        log.add_hparams({"lr": 0.1, "opt": "adam"}, {"final": 0.25})
    return folder, seen


def test_scalars_settings_and_what_the_run_came_to_are_one_run(trained):
    folder, _ = trained
    ((name, run),) = runs(folder).items()
    assert name == "mlp"
    assert run.config == {"lr": 0.1, "opt": "adam"}
    assert run.steps["step"].to_pylist() == [0, 1, 2]
    assert run.steps["final"].to_pylist() == [None, None, 0.25]
    assert run.state == "finished"
    assert abs(run.start - dt.datetime.now(dt.UTC)) < dt.timedelta(hours=1)
    assert any("logits" in word for word in run.left_out)
    assert any(word.startswith("3 text") for word in run.left_out)


def test_histograms_of_gradients_and_weights_are_rows_of_layers(trained):
    folder, seen = trained
    (run,) = runs(folder).values()
    rows = {(row["step"], row["param"]): row for row in run.layers.to_pylist()}
    assert len(rows) == len(seen)
    for step, name, gradient, weight in seen:
        row = rows[step, name]
        assert row["count"] == gradient.size
        assert row["abs_max"] == pytest.approx(np.abs(gradient).max(), rel=1e-6)
        assert row["sum_sq"] == pytest.approx(np.square(gradient).sum(), rel=1e-5)
        assert row["sum"] == pytest.approx(gradient.sum(), rel=1e-4, abs=1e-6)
        assert row["w_sum_sq"] == pytest.approx(np.square(weight).sum(), rel=1e-5)
        assert row["zeros"] is None  # which no histogram tells
    assert [(row["param"], row["module"], row["depth"]) for row in run.params] == [
        ("0.weight", "0", 0), ("0.bias", "0", 0), ("1.weight", "1", 1), ("1.bias", "1", 1),
    ]  # fmt: skip


def test_the_lenses_show_a_log_as_they_show_a_recording(trained):
    frames = {frame.lens: frame for frame in frames_of(trained[0])}
    assert list(frames) == ["flow", "steps", "layers"]
    assert "grad_norm" in frames["layers"].axes
    assert "Left out: " in frames["steps"].note
    assert "3 text" in frames["steps"].note


def test_each_folder_is_a_run_and_several_paths_are_told_apart(tmp_path):
    for place, loss in (("sweep/a", 1.0), ("sweep/b", 2.0), ("other", 3.0)):
        with writer(tmp_path / place) as log:
            log.add_scalar("loss", loss, 0)
    assert list(runs(tmp_path)) == ["other", "sweep/a", "sweep/b"]
    assert list(runs(tmp_path / "sweep", tmp_path / "other")) == ["sweep/a", "sweep/b", "other"]
    (steps, several) = frames_of([tmp_path / "sweep", tmp_path / "other"])
    assert steps.table["run"].cast("string").to_pylist() == ["sweep/a", "sweep/b", "other"]
    assert several.lens == "runs"


def test_hyperparameters_of_several_trials_stay_with_their_metrics(tmp_path):
    with writer(tmp_path / "search") as log:
        for lr in (0.1, 0.2):
            log.add_hparams({"lr": lr}, {"loss": lr**2}, run_name=f"lr{lr}")
    found = runs(tmp_path / "search")
    assert {
        name: (run.config["lr"], run.steps["loss"].to_pylist()) for name, run in found.items() if len(run.steps)
    } == {
        "lr0.1": (0.1, [pytest.approx(0.01)]),
        "lr0.2": (0.2, [pytest.approx(0.04)]),
    }


def test_keras_train_and_validation_are_one_run_of_epochs():
    ((name, run),) = runs(KERAS).items()
    assert name == "keras"
    assert run.config == {"lr": 0.001, "optimizer": "adam"}
    assert run.steps["epoch"].to_pylist() == [0, 1, 2]
    assert run.steps["loss"].to_pylist() == pytest.approx([2.256012201309204, 2.2413582801818848, 2.226818323135376])
    assert run.steps["val_loss"].to_pylist() == pytest.approx([2.3252573013, 2.3134915828, 2.3017907142])
    # Histograms of the second kind keep no sums, and none is made up.
    assert len(run.layers) == 0
    assert any("norm would be a guess" in word for word in run.left_out)
    assert frames_of(KERAS)[0]["val_loss"].share == "loss"


def test_scalars_of_the_second_kind_and_names_that_are_ours(tmp_path):
    from tensorboard.summary import Writer

    log = Writer(str(tmp_path / "log"))
    for step in range(3):
        log.add_scalar("Loss", np.float64(1 / 3), step)
        log.add_scalar("loss", 2, step)
        log.add_scalar("rank", 7, step)
        log.add_scalar("epoch", step // 2, step)
    log.close()
    (run,) = runs(tmp_path / "log").values()
    assert run.steps.column_names == ["step", "epoch", "time", "Loss", "loss (2)", "rank (logged)"]
    assert run.steps["epoch"].to_pylist() == [0, 0, 1]
    assert run.steps["Loss"][0].as_py() == pytest.approx(1 / 3, rel=1e-7)


def test_a_step_logged_again_has_its_later_value_and_is_counted(tmp_path):
    with writer(tmp_path / "log") as log:
        for value in (1.0, 2.0):
            log.add_scalar("loss", value, 5)
    (run,) = runs(tmp_path / "log").values()
    assert run.steps["loss"].to_pylist() == [2.0]
    assert "1 values whose step was logged again later" in run.left_out


def events(folder, values):
    with writer(folder) as log:
        for step, value in enumerate(values):
            log.add_scalar("loss", value, step)
    (path,) = folder.iterdir()
    return path


def places(content):
    """Where each record of a file begins."""
    at, found = 0, []
    while at < len(content):
        found.append(at)
        at += 16 + struct.unpack_from("<Q", content, at)[0]
    return [*found, at]


def test_a_half_written_last_event_is_left_out_wherever_it_was_cut(tmp_path):
    path = events(tmp_path / "log", [1.0, 2.0])
    content = path.read_bytes()
    *_, last, end = places(content)
    for cut in range(last, end):
        path.write_bytes(content[:cut])
        (run,) = runs(tmp_path / "log").values()
        assert run.steps["loss"].to_pylist() == [1.0]
        assert run.left_out == ()


def test_a_damaged_event_is_named_and_what_stands_before_it_kept_on_demand(tmp_path):
    path = events(tmp_path / "log", [1.0, 2.0, 3.0])
    content = bytearray(path.read_bytes())
    content[places(content)[-2] + 14] ^= 1
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"tfevents.*, event 3 is damaged"):
        frames_of(tmp_path / "log")
    frame = frames_of(tmp_path / "log", skip_bad=True)[0]
    assert frame.table["loss"].to_pylist() == [1.0, 2.0]
    assert "event 3 is damaged" in frame.note


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_no_flipped_byte_does_worse_than_an_error_of_ours(tmp_path, data):
    folder = tmp_path / "log"
    if not folder.exists():
        events(folder, [1.0, 2.0])
        (tmp_path / "whole").write_bytes(next(folder.iterdir()).read_bytes())
    content = bytearray((tmp_path / "whole").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    next(folder.iterdir()).write_bytes(content)
    try:
        values = next(iter(runs(folder).values())).steps["loss"].to_pylist()
    except SourceError:
        return
    assert values in ([1.0, 2.0], [1.0])


def test_a_folder_without_numbers_says_so(tmp_path):
    writer(tmp_path / "log").close()
    with pytest.raises(SourceError, match="nothing was logged"):
        frames_of(tmp_path / "log")


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    events(tmp_path / "log", [1.0])
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(SourceError, match="pip install tensorboard"):
        frames_of(tmp_path / "log")


def test_lightnings_settings_beside_the_events_are_the_runs(tmp_path):
    events(tmp_path / "log", [1.0])
    (tmp_path / "log" / "hparams.yaml").write_text("lr: 0.1\nbetas: !!python/tuple\n- 0.9\n- 0.99\n")
    (run,) = runs(tmp_path / "log").values()
    assert run.config == {"lr": 0.1, "betas": [0.9, 0.99]}


def test_a_log_stands_beside_recorded_runs(tmp_path):
    events(tmp_path / "log", [1.0, 2.0])
    with ut.Run(tmp_path / "runs", name="ours") as run:
        run.log(loss=3.0)
    frame = frames_of([tmp_path / "log", tmp_path / "runs"])[0]
    assert frame.lens == "steps"
    assert sorted(frame.table["loss"].to_pylist()) == [1.0, 2.0, 3.0]


def test_the_format_may_be_told(tmp_path):
    events(tmp_path / "log", [1.0])
    (tmp_path / "log" / "rows.csv").write_text("a\n1\n")
    assert list(logs_in(tmp_path)) == ["tensorboard"]
    assert frames_of(tmp_path / "log" / "rows.csv")[0].lens == "rows"
    assert frames_of(tmp_path / "log", format="tensorboard")[0].lens == "steps"
    with pytest.raises(SourceError, match="holds no log of lightning"):
        frames_of(tmp_path / "log", format="lightning")


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("gradients/fc.weight", ("fc.weight", "gradient")),
        ("grad/layers.0.bias", ("layers.0.bias", "gradient")),
        ("fc1.weight.grad", ("fc1.weight", "gradient")),
        ("fc1.weight/grad", ("fc1.weight", "gradient")),
        ("Gradients/block/0/kernel", ("block/0/kernel", "gradient")),
        ("weights/fc.weight", ("fc.weight", "weight")),
        ("fc.weight", ("fc.weight", "weight")),
        ("dense/kernel/histogram", ("dense/kernel", "weight")),
        ("sequential/dense_1/bias/histogram_3", ("sequential/dense_1/bias", "weight")),
        ("params/head.scale", ("head.scale", "weight")),
        ("activations/relu", None),
        ("logits", None),
        ("grad", None),
        ("", None),
        ("histogram", None),
    ],
)
def test_a_histograms_name_tells_the_parameter(tag, told):
    assert parameter_of(tag) == told


POINTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.floats(0, 2e9), st.floats(width=64)), max_size=30
)


@given(points=POINTS)
def test_points_are_the_table_that_a_dict_would_hold(points):
    held, wanted, when = Points(), {}, {}
    for name, step, seconds, value in points:
        held.add(name, step, seconds, value)
        wanted[name, step] = value
        when[step] = max(when.get(step, -math.inf), seconds)
    table = held.table().to_pydict()
    assert table["step"] == sorted(when)
    assert [each.timestamp() for each in table["time"]] == pytest.approx(
        [when[step] for step in table["step"]], abs=1e-5
    )
    for name in {name for name, _ in wanted}:
        for step, value in zip(table["step"], table[name], strict=True):
            assert repr(value) == repr(wanted.get((name, step)))
    assert held.replaced == len(points) - len(wanted)
