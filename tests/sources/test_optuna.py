"""Optuna's studies: as an object, and as Optuna keeps them in files."""

import datetime as dt
import sys
import warnings

import pytest

from undertow._dispatch import frames_of, logged_of
from undertow._import import import_runs
from undertow.errors import SourceError
from undertow.sources import logs_in
from undertow.store import load

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial):
    x = trial.suggest_float("x", 1e-5, 1.0, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b", None])
    trial.set_user_attr("note", {"deep": [1, 2]})
    for step in range(3):
        trial.report(x * (step + 1), step)
        if trial.number == 1 and step == 1:
            raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError("lost")
    return x + (kind is None)


def study(storage=None, **options):
    made = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(0), **options)
    made.optimize(objective, n_trials=5, catch=(ValueError,))
    return made


def journal(path):
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One study in memory, in a database and in a journal."""
    folder, odd = tmp_path_factory.mktemp("study"), tmp_path_factory.mktemp("a study, #1?")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "memory": study(study_name="s"),
            "database": (study(f"sqlite:///{folder}/s.db", study_name="s"), (folder / "s.db").rename(odd / "s.db"))[1],
            "journal": (study(journal(odd / "s.log"), study_name="s"), odd / "s.log")[1],
        }


@pytest.mark.parametrize("where", ["memory", "database", "journal"])
def test_a_trial_is_a_row_wherever_the_study_is_kept(kept, where):
    rows, steps = frames_of(kept[where])
    trials = kept["memory"].trials
    assert rows.lens == "rows"
    table = rows.table.to_pydict()
    assert table["trial"] == [0, 1, 2, 3, 4]
    assert table["x"] == [trial.params["x"] for trial in trials]
    assert table["kind"] == [trial.params["kind"] for trial in trials]
    assert table["value"] == [trial.value if trial.state.name == "COMPLETE" else table["value"][i]
                              for i, trial in enumerate(trials)]  # fmt: skip
    assert table["state"] == ["complete", "pruned", "fail", "complete", "complete"]
    assert table["user.note"] == ['{"deep": [1, 2]}'] * 5
    assert table["intermediate values"] == [3, 2, 3, 3, 3]
    assert all(0 <= each < 60 for each in table["duration"])
    assert rows["x"].scale == "log"
    assert rows["duration"].unit == "s"
    assert rows["value"].description == "to minimize"
    assert rows.color == "value"
    wanted = [value for trial in trials for value in trial.intermediate_values.values()]
    assert steps.lens == "steps"
    assert [each for each in steps.table["intermediate"].to_pylist() if each is not None] == wanted


def test_several_objectives_have_a_column_each_and_the_best_are_told():
    made = optuna.create_study(directions=["minimize", "maximize"])
    made.set_metric_names(["loss", "speed"])
    for loss, speed in ((1.0, 1.0), (2.0, 2.0), (3.0, 1.5)):
        made.add_trial(optuna.trial.create_trial(values=[loss, speed]))
    (frame,) = frames_of(made)
    assert frame.table["loss"].to_pylist() == [1.0, 2.0, 3.0]
    assert frame.table["speed"].to_pylist() == [1.0, 2.0, 1.5]
    assert frame.table["best trial"].to_pylist() == [True, True, False]
    assert frame["speed"].description == "to maximize"


def test_several_studies_say_which_trial_is_whose(kept):
    other = optuna.create_study(study_name="other")
    other.enqueue_trial({"loss": 1})
    (rows, _) = frames_of([kept["memory"], other])
    assert rows.table["study"].to_pylist() == ["s"] * 5 + ["other"]
    assert rows.table["state"].to_pylist()[-1] == "waiting"


def test_names_that_clash_are_told_apart():
    made = optuna.create_study()
    made.optimize(lambda trial: trial.suggest_float("value", 0, 1), n_trials=1)
    (frame,) = frames_of(made)
    assert frame.table["value (parameter)"].to_pylist() == frame.table["value"].to_pylist()


def test_trials_become_runs_that_read_back(kept, tmp_path):
    list(import_runs([kept["database"]], tmp_path / "runs"))
    runs = load(tmp_path / "runs")
    about = {row["name"]: row for row in runs.runs.to_arrow().to_pylist()}
    assert about.keys() == {f"s/{number}" for number in range(5)}
    assert about["s/2"]["state"] == "failed"
    assert about["s/1"]["tags"] == ["pruned"]
    # Optuna's times have no zone; they are those of this machine.
    assert abs(about["s/0"]["end"] - dt.datetime.now(dt.UTC)) < dt.timedelta(hours=1)
    steps = runs.steps.to_arrow().to_pylist()
    first = [row for row in steps if row["run"] == next(iter(about.values()))["run"]]
    assert [row["step"] for row in first] == [0, 1, 2]


def test_a_study_is_told_by_looking_and_never_written_to(kept):
    for where in ("database", "journal"):
        path = kept[where]
        before = path.read_bytes()
        assert list(logs_in(path)) == ["optuna"]
        frames_of(path)
        assert path.read_bytes() == before
        assert not list(path.parent.glob("*-journal")) + list(path.parent.glob("*.lock"))
    assert frames_of(f"sqlite:///{kept['database']}")[0].table.num_rows == 5


def test_what_is_broken_or_empty_says_so(kept, tmp_path, monkeypatch):
    path = tmp_path / "s.db"
    content = bytearray(kept["database"].read_bytes())
    content[4096 * 3 :] = b"\0" * (len(content) - 4096 * 3)
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"s\.db (cannot be read by Optuna|is a file of no format)"):
        frames_of(path)
    with pytest.raises(SourceError, match="the study has no trials"):
        frames_of(optuna.create_study())
    with pytest.raises(SourceError, match="lens 'flow' has nothing to show of a study"):
        frames_of(kept["memory"], "flow")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SourceError, match="pip install optuna"):
        frames_of(kept["journal"])


def test_all_of_a_folder_of_logs_is_read(kept):
    assert set(logged_of([kept["journal"].parent]).several) >= {"s/0", "s/0 (2)"}
