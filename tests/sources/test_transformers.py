"""Transformers' trainer states, as its Trainer keeps them."""

import json

import pytest

from undertow._dispatch import frames_of, logged_of
from undertow.errors import SourceError

transformers = pytest.importorskip("transformers")


def state(folder, steps):
    folder.mkdir(parents=True)
    history = [
        {"epoch": step / 10, "loss": 1 / step, "learning_rate": 1e-3, "step": step} for step in range(1, steps + 1)
    ]
    history.append({"epoch": steps / 10, "eval_loss": 0.5, "step": steps})
    kept = transformers.TrainerState(global_step=steps, max_steps=30, train_batch_size=8, log_history=history)
    kept.save_to_json(str(folder / "trainer_state.json"))


def test_a_training_is_its_newest_checkpoint(tmp_path):
    for steps in (2, 10, 9):
        state(tmp_path / "bert" / f"checkpoint-{steps}", steps)
    ((name, run),) = logged_of([tmp_path]).several.items()
    assert name == "bert"
    assert run.config["max_steps"] == 30
    assert run.config["train_batch_size"] == 8
    table = run.steps.to_pydict()
    assert table["step"] == list(range(1, 11))
    assert table["eval_loss"] == [None] * 9 + [0.5]
    # Epochs are fractions here, which count nothing.
    assert table["epoch (logged)"] == [step / 10 for step in range(1, 11)]
    assert table["epoch"] == [None] * 10


def test_its_own_state_stands_before_checkpoints_and_folders_apart(tmp_path):
    state(tmp_path / "a" / "checkpoint-5", 5)
    state(tmp_path / "a" / "done", 3)
    state(tmp_path / "b" / "checkpoint-1", 1)
    (tmp_path / "a" / "done" / "trainer_state.json").rename(tmp_path / "a" / "trainer_state.json")
    assert {name: len(run.steps) for name, run in logged_of([tmp_path]).several.items()} == {"a": 3, "b": 1}
    (frame,) = frames_of(tmp_path / "a" / "trainer_state.json")
    assert frame.lens == "steps"


def test_a_broken_state_names_its_place(tmp_path):
    (tmp_path / "trainer_state.json").write_text(json.dumps({"global_step": 1, "log_history": [{"step": 1}, 3]}))
    with pytest.raises(SourceError, match=r"trainer_state\.json, row 1 is of type int"):
        frames_of(tmp_path)
    (tmp_path / "trainer_state.json").write_text('{"log_history": [')
    with pytest.raises(SourceError, match=r"trainer_state\.json, line 1, column"):
        frames_of(tmp_path)
