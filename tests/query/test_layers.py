import pytest

from undertow.errors import SourceError
from undertow.query.lenses import layers
from undertow.schema import LAYERS

from .recorded import layers_table, params_table, sums, training


def test_one_line_is_one_parameter_in_one_epoch():
    frame = layers(layers_table(training()[0]), params_table())
    assert len(frame) == 4 * 4
    assert frame.axes == ("depth", "layer", "grad_norm", "update_ratio", "weight_norm", "abs_max", "epoch")
    assert frame.color == "depth"
    assert frame.table["layer"].to_pylist()[::4] == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    assert frame.table["depth"].to_pylist()[::4] == [0, 0, 1, 1]


def test_the_share_of_zeros_is_of_all_elements_of_the_epochs_steps():
    rows = [sums("w", 4, [0, 0, 1, 1], step=step, epoch=step // 2) for step in range(5)]
    rows.append(sums("w", 4, [0, 0, 0, 0], step=5, epoch=2))
    frame = layers(layers_table(rows), params_table())
    assert frame.table["zero_share"].to_pylist() == [0.5, 0.5, 0.75]
    assert frame["zero_share"].scale == "linear"


def test_a_parameter_that_params_lacks_has_no_depth():
    frame = layers(layers_table([sums("extra", 1, 1.0, step=step) for step in range(2)]), params_table())
    assert frame.table["depth"].to_pylist() == [None, None]
    assert frame.color == "step"


def test_without_gradients_there_are_no_layers():
    with pytest.raises(SourceError, match="no gradients were recorded"):
        layers(LAYERS.empty_table(), params_table())


def test_what_is_recorded_on_demand_becomes_axes_and_the_rarer_ones_start_hidden():
    rows = [sums("w", 4, [1, 2, 3, step], step=step) for step in range(3)]
    for step, row in enumerate(rows):
        if step:
            row |= {"dot_prev": 14.0 + step * (step - 1), "prev_sum_sq": rows[step - 1]["sum_sq"]}
        row |= {"m_sum_sq": 3 * row["sum_sq"], "m_count": 2}
    frame = layers(layers_table(rows), params_table())
    assert "cosine" in frame.axes and "noise_scale" in frame.table.column_names and "noise_scale" not in frame.axes
    assert frame.table["cosine"][0].as_py() is None
    assert 0.9 < frame.table["cosine"][1].as_py() <= 1
    assert "signal" not in frame.table.column_names
