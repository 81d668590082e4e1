import pytest

from undertow.errors import SourceError
from undertow.query import frames

from .recorded import recording, training

RUNS = (("a", "mlp"), ("b", "cnn"))


def test_flow_comes_first_where_gradients_were_recorded_and_steps_where_not():
    recorded, logged = training()
    assert [frame.lens for frame in frames(recording(recorded, logged))] == ["flow", "steps", "layers"]
    assert [frame.lens for frame in frames(recording([], logged))] == ["steps"]
    assert [frame.lens for frame in frames(recording(recorded, []))] == ["flow", "layers"]


def test_the_lens_asked_for_comes_first():
    assert [frame.lens for frame in frames(recording(*training()), "layers")] == ["layers", "flow", "steps"]


def test_runs_go_by_their_names_where_these_are_unique():
    first, logged = training(run="a")
    second, more = training(run="b")
    flow = frames(recording(first + second, logged + more, RUNS))[0]
    assert set(flow.table["run"].to_pylist()) == {"mlp", "cnn"}
    same = frames(recording(first + second, logged + more, (("a", "mlp"), ("b", "mlp"))))[0]
    assert set(same.table["run"].to_pylist()) == {"a", "b"}


@pytest.mark.parametrize(
    ("lens", "given", "message"),
    [
        ("flows", training(), "no lens 'flows'; there are: flow, steps, layers"),
        ("flow", ([], training()[1]), "no gradients were recorded"),
        ("steps", (training()[0], []), "no step was logged"),
        (None, ([], []), "nothing to show yet"),
    ],
)
def test_a_lens_without_rows_is_refused(lens, given, message):
    with pytest.raises(SourceError, match=message):
        frames(recording(*given), lens)
