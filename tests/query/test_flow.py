import math

import numpy as np
import pyarrow as pa
import pytest

from undertow.errors import SourceError
from undertow.query.lenses import flow
from undertow.schema import LAYERS, OPTIONAL, PARAMS

from .recorded import NET, keys, layers_table, params_table, steps_table, sums, training


def flow_of(recorded, logged=None, net=NET):
    return flow(layers_table(recorded), params_table(net), None if logged is None else steps_table(logged))


def test_one_line_is_one_epoch_and_the_axes_run_from_the_loss_back_to_the_input():
    frame = flow_of(*training())
    assert frame.lens == "flow"
    assert len(frame) == 4
    assert frame.axes == ("epoch", "loss", "dense_1:grad_norm", "dense:grad_norm")
    assert frame.table["epoch"].to_pylist() == [0, 1, 2, 3]
    assert frame.table["loss"].to_pylist() == pytest.approx([10, 5, 10 / 3, 2.5])


def test_the_height_is_the_rms_over_the_epochs_steps_of_the_norm_of_kernel_and_bias_together():
    recorded, logged = training(epochs=3, steps=5)
    frame = flow_of(recorded, logged)
    squares = [row["sum_sq"] for row in recorded if row["epoch"] == 1 and row["param"].startswith("dense/")]
    assert frame.table["dense:grad_norm"][1].as_py() == pytest.approx(math.sqrt(sum(squares) / 5), rel=1e-5)


def test_layers_share_one_log_domain_and_carry_their_module_for_folding():
    frame = flow_of(*training())
    for name in ("dense_1:grad_norm", "dense:grad_norm"):
        column = frame[name]
        assert (column.scale, column.share, column.group, column.label) == ("log", "grad_norm", name[:-10], name[:-10])


def test_presets_show_other_measures_on_the_same_layers():
    frame = flow_of(*training())
    assert [preset.label for preset in frame.presets] == [
        "gradient norm",
        "gradient rms",
        "update ratio",
        "weight norm",
    ]
    assert frame.presets[0].axes == frame.axes
    assert frame.presets[2].axes == ("epoch", "loss", "dense_1:update_ratio", "dense:update_ratio")
    assert frame.table["dense:update_ratio"].to_pylist() == pytest.approx([0.001] * 4)


def test_parameters_have_hidden_columns_that_leave_the_modules_domain_alone():
    frame = flow_of(*training())
    assert frame["dense/bias:grad_norm"].share != "grad_norm"
    assert frame["dense/bias:grad_norm"].group == "dense"
    assert "dense/bias:grad_norm" not in frame.axes


def test_what_was_not_measured_has_no_preset():
    rows = [sums("dense/kernel", 6, 1.0, step=step, epoch=step) for step in range(3)]
    frame = flow_of(rows)
    assert [preset.label for preset in frame.presets] == ["gradient norm", "gradient rms"]


def test_with_two_epochs_one_line_is_a_step_that_carries_its_epochs_loss():
    frame = flow_of(*training(epochs=2, steps=3))
    assert frame.axes[0] == "step"
    assert frame.table["step"].to_pylist() == list(range(6))
    assert frame.table["loss"].to_pylist() == pytest.approx([10] * 3 + [5] * 3)


def test_losses_logged_by_the_step_are_averaged_over_the_epoch():
    recorded, logged = training(epochs=3, steps=2)
    logged = [{**logged[0], "step": step, "epoch": step // 2, "loss": float(step)} for step in range(6)]
    assert flow_of(recorded, logged).table["loss"].to_pylist() == [0.5, 2.5, 4.5]


def test_several_runs_are_told_apart():
    first, logged = training(run="a")
    second, more = training(run="b", seed=1)
    frame = flow_of(first + second, logged + more)
    assert frame.axes[:2] == ("run", "epoch")
    assert frame.table["run"].to_pylist() == ["a"] * 4 + ["b"] * 4


def test_a_parameter_that_params_lacks_is_a_module_of_its_own_at_the_input():
    recorded = [*training()[0], sums("extra", 1, 1.0, step=0, epoch=0)]
    assert flow_of(recorded).axes == ("epoch", "dense_1:grad_norm", "dense:grad_norm", "extra:grad_norm")


def test_a_layer_that_was_not_recorded_in_an_epoch_is_missing_there():
    recorded = [row for row in training()[0] if not (row["epoch"] == 2 and row["param"].startswith("dense/"))]
    assert [value is None for value in flow_of(recorded).table["dense:grad_norm"].to_pylist()] == [
        False,
        False,
        True,
        False,
    ]


def test_labels_leave_out_what_all_paths_share_whether_parted_by_slash_or_dot():
    net = {"net/a/w": (0, 1), "net/b/w": (1, 1)}
    assert flow_of(training(net=net)[0], net=net)["net/a:grad_norm"].label == "a"
    dots = {"net.a/w": (0, 1), "net.b/w": (1, 1)}
    assert flow_of(training(net=dots)[0], net=dots)["net.a:grad_norm"].label == "a"


def test_without_gradients_there_is_no_flow():
    with pytest.raises(SourceError, match="no gradients were recorded"):
        flow(LAYERS.empty_table(), params_table())


def test_a_thousand_layers_are_read_in_a_moment():
    net = {f"block{number}/w": (number, 1) for number in range(1000)}
    frame = flow_of(training(epochs=3, steps=1, net=net)[0], net=net)
    assert len(frame.axes) == 1001
    assert np.all(np.isfinite(pa.concat_arrays([frame.table[name].combine_chunks() for name in frame.axes[1:]])))


def module_row(path, signal, zeros, step):
    row = {"param": f"{path}()", "s_sum_sq": signal, "s_count": 4, "a_zeros": zeros, "a_count": 4}
    return {**keys(step=step, epoch=step), **row, "a_sum": 1.0, "a_sum_sq": 1.0}


def test_what_modules_went_through_has_presets_of_its_own():
    net = {**NET, "dense()": (0, 0), "relu()": (1, 0)}
    recorded, logged = training(epochs=3, steps=1)
    for step in range(3):
        recorded += [module_row("dense", 0.04, 1, step), module_row("relu", 0.16, 2, step)]
    params = params_table(net).to_pylist()
    for row in params:
        row["module"] = row["param"].removesuffix("()") if row["param"].endswith("()") else row["module"]
    frame = flow(layers_table(recorded), pa.Table.from_pylist(params, schema=PARAMS), steps_table(logged))
    presets = {preset.label: preset.axes[2:] for preset in frame.presets}
    assert presets["gradient norm"] == ("dense_1:grad_norm", "dense:grad_norm")
    assert presets["signal"] == ("relu:signal", "dense:signal")
    assert presets["activation zeros"] == ("relu:activation_zeros", "dense:activation_zeros")
    assert frame.table["relu:signal"].to_pylist() == pytest.approx([0.4] * 3)
    assert frame.table["dense:activation_zeros"].to_pylist() == pytest.approx([0.25] * 3)
    assert frame["dense:activation_zeros"].scale == "linear"
    assert not any("()" in name for name in frame.table.column_names)


def test_without_what_is_recorded_on_demand_nothing_changes():
    recorded, logged = training()
    old = layers_table(recorded).drop_columns(list(OPTIONAL))
    frame = flow(old, params_table(), steps_table(logged))
    assert frame.table.equals(flow_of(recorded, logged).table)
    assert [preset.label for preset in frame.presets][-1] == "weight norm"
