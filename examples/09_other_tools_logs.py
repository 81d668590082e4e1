"""What other tools logged, shown as it lies: TensorBoard's folders and Optuna's studies."""

from pathlib import Path

import optuna
from tensorboard.summary import Writer

import undertow as ut

optuna.logging.set_verbosity(optuna.logging.ERROR)


def train(folder: Path, lr: float) -> float:
    """A stand-in for a training: gradient descent on x², logged with TensorBoard."""
    log, x = Writer(str(folder)), 1.0
    for step in range(20):
        log.add_scalar("loss", x * x, step)
        x -= lr * 2 * x
    log.close()
    return x * x


def objective(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-3, 1.0, log=True)
    return train(Path("logs") / f"trial-{trial.number}", lr)


study = optuna.create_study(study_name="descent")
study.optimize(objective, n_trials=5)

ut.show(study, title="Trials", open=False).save("trials.html")  # a line a trial: lr, value, state, duration
# A line a step of each run; from a shell `undertow show logs`, and for good `undertow import logs --into runs`.
ut.show("logs", title="As TensorBoard logged them", lens="steps")
