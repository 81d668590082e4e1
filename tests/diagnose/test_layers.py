"""What the rules see of recorded layers, against sums made one by one."""

import numpy as np
import pytest

from query.recorded import layers_table, params_table, recording, steps_table, sums, training
from undertow.diagnose import diagnose
from undertow.diagnose._layers import layers_of
from undertow.diagnose._replicas import replicas_of

NET = {"a.weight": (0, 6), "a.bias": (0, 2), "b.weight": (1, 4)}


def rows(steps=20, net=NET, epochs=5, run="r", seed=0):
    rng = np.random.default_rng(seed)
    return [
        sums(param, size, rng.normal(size=size), 1.0, 0.001, run=run, step=step, epoch=step * epochs // steps)
        for step in range(steps)
        for param, (_, size) in net.items()
    ]


def test_layers_are_by_step_and_depth():
    recorded = rows()
    shuffled = [recorded[index] for index in np.random.default_rng(1).permutation(len(recorded))]
    [layers] = layers_of(layers_table(shuffled), params_table(NET))
    assert layers.params.names == ("a.weight", "a.bias", "b.weight")
    assert layers.step.tolist() == list(range(20))
    expected = np.array([row["sum_sq"] for row in recorded]).reshape(20, 3)
    np.testing.assert_allclose(layers.params.sums["sum_sq"], expected, rtol=1e-6)
    assert not layers.params.has("dot_prev")


def test_ranks_add_up_and_runs_stay_apart():
    first, second = rows(seed=0), [{**row, "rank": 1} for row in rows(seed=1)]
    other = rows(run="s", seed=2)
    layers = {each.run: each for each in layers_of(layers_table([*first, *second, *other]), params_table(NET))}
    expected = np.array([a["sum_sq"] + b["sum_sq"] for a, b in zip(first, second, strict=True)]).reshape(20, 3)
    np.testing.assert_allclose(layers["r"].params.sums["sum_sq"], expected, rtol=1e-6)
    assert layers["s"].evidence(0, 3)["filters"]["run"] == {"values": ["s"]}


def test_a_long_training_is_looked_at_in_a_thousand_points():
    [layers] = layers_of(layers_table(rows(3000, {"a.weight": (0, 2)}, epochs=3)), params_table(NET))
    assert len(layers.step) == 1000
    assert layers.step[[0, -1]].tolist() == [2, 2999]
    assert layers.absent == (("a.bias", 2, 0), ("b.weight", 4, 1))


def test_the_first_step_that_is_not_finite_is_told_to_the_step():
    recorded = rows()
    for row in recorded:
        if row["step"] >= 13 or (row["step"] == 12 and row["param"] == "a.bias"):
            row["nonfinite"], row["sum_sq"] = 2, float("nan")
    [layers] = layers_of(layers_table(recorded), params_table(NET))
    broken = layers.broken
    assert (broken.step, broken.epoch, broken.gradients) == (12, 3, (("a.bias", 2),))
    assert (broken.measured, broken.last, broken.steps) == (3, 19, 8)
    [layers] = layers_of(layers_table(recorded), params_table(NET), {"r": set(range(12, 20))})
    assert layers.broken is None


def test_outputs_are_apart_from_parameters():
    recorded = rows(4)
    nothing = dict.fromkeys(("count", "sum", "sum_sq", "abs_max", "zeros", "nonfinite", "w_sum_sq", "u_sum_sq"))
    recorded += [{**row, **nothing, "param": "a()", "s_sum_sq": 4.0} for row in recorded if row["param"] == "a.weight"]
    [layers] = layers_of(layers_table(recorded), params_table({**NET, "a()": (0, 0)}))
    assert layers.params.names == tuple(NET)
    assert layers.outputs.names == ("a",)
    assert layers.outputs.norm("s_sum_sq").tolist() == [[2.0]] * 4


def test_replicas_are_compared_by_the_norms_that_their_ranks_wrote():
    alike = [{**row, "rank": rank} for row in rows(4) for rank in (0, 1)]
    apart = [{**row, "w_sum_sq": row["w_sum_sq"] * (1 + 0.21 * row["rank"])} for row in alike]
    params, logged = params_table(NET), steps_table(training()[1])
    for recorded, spread in ((alike, 0.0), (apart, 1 - 1 / 1.1)):
        found = replicas_of(logged, layers_table(recorded), params)["r"]
        assert {each.name for each in found} == set(NET)
        for each in found:
            np.testing.assert_allclose(each.spread, np.full(4, spread), atol=1e-6)
    assert replicas_of(logged, layers_table(rows()), params) == {}


def test_a_metric_that_is_a_checksum_is_compared_too():
    logged = [{**row, "rank": rank, "weight_norm": 1.0 + rank} for row in training(6)[1] for rank in (0, 1)]
    found = diagnose(recording(rows(), logged, net=NET), ["replicas"])
    assert [(each.kind, each.severity, each.lens) for each in found] == [("replicas", "error", "steps")]


def test_a_run_with_layers_alone_is_not_taken_for_the_one_that_logged():
    both = [*rows(net={"a.weight": (0, 6)}), *rows(run="s", net={"a.weight": (0, 6)})]
    for row in both[-3:]:
        row["nonfinite"] = 1
    logged = [{**row, "loss": float("nan")} for row in training(8)[1]]
    made = recording(both, logged, runs=(("r", "mlp"), ("s", "cnn")), net=NET)
    found = {each.run: each for each in diagnose(made, ["nonfinite"])}
    assert found["mlp"].sentence.startswith("loss is not finite")
    assert found["cnn"].layers == ("a.weight",)


def test_the_parameters_of_another_run_are_not_missed():
    both = layers_table([*rows(net={"a.weight": (0, 6)}), *rows(run="s", net={"b.weight": (1, 4)})])
    described = params_table({"a.weight": (0, 6), "c.weight": (1, 5), "b.weight": (1, 4)})
    assert [each.absent for each in layers_of(both, described)] == [(), ()]
    of_runs = described.add_column(0, "run", [["r", "r", "s"]])
    assert [each.absent for each in layers_of(both, of_runs)] == [(("c.weight", 5, 1),), ()]
    [alone] = layers_of(layers_table(rows(net={"a.weight": (0, 6)})), of_runs)
    assert alone.absent == (("c.weight", 5, 1),)


def test_evidence_is_in_the_columns_of_the_lens_that_it_names():
    from undertow.query import frames

    recorded = rows()
    for row in recorded[30:]:
        row["nonfinite"] = 1
    made = recording(recorded, training(8)[1], net=NET)
    by_lens = {frame.lens: frame for frame in frames(made)}
    found = diagnose(made)
    assert "nonfinite" in {each.kind for each in found}
    for each in found:
        names = {column.name for column in by_lens[each.lens].columns}
        assert set(each.filters) <= names
        if "layer" in each.filters:
            assert set(each.filters["layer"]["values"]) <= set(NET)


def test_a_rule_of_ones_own_is_asked_and_one_that_fails_keeps_no_other_from_speaking():
    from undertow.diagnose import RULES, Finding

    def slow(evidence):
        yield Finding("slow", "info", f"{len(evidence.layers.params.names)} parameters")

    def broken(evidence):
        raise KeyError("x")

    made = recording(rows(), training(8)[1], net=NET)
    with pytest.warns(UserWarning, match="rule broken failed, KeyError"):
        found = diagnose(made, [broken, slow])
    assert [each.sentence for each in found] == ["3 parameters"]
    assert "slow" not in RULES
