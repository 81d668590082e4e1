"""Makes the logs in this folder, by the tools themselves; each in an environment with the package that it names.

    python make.py keras      # tensorflow-cpu 2.21, keras 3, tensorboard 2.21
    python make.py mlflow     # mlflow 3.18
    python make.py wandb      # wandb 0.31

The names of machines and folders are not kept.
"""

import re
import shutil
import sqlite3
import sys
from pathlib import Path

HERE = Path(__file__).parent


def keras() -> None:
    """A Keras training with the TensorBoard callback, its histograms on; hyperparameters by TensorBoard's plugin."""
    import keras
    import numpy as np
    from tensorboard.plugins.hparams import api

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, name="hidden"), keras.layers.Dense(1, name="out")]
    )
    model.compile("adam", "mse")
    folder = HERE / "keras"
    shutil.rmtree(folder, ignore_errors=True)
    callbacks = [keras.callbacks.TensorBoard(folder, histogram_freq=1, write_graph=False),
                 api.KerasCallback(str(folder / "train"), {"lr": 1e-3, "optimizer": "adam"})]  # fmt: skip
    x = np.random.default_rng(0).normal(size=(32, 4))
    history = model.fit(x, x[:, :1], epochs=3, validation_split=0.25, verbose=0, callbacks=callbacks)
    for number, path in enumerate(sorted(folder.rglob("*tfevents*"))):
        path.rename(path.with_name(f"events.out.tfevents.{number}.v2"))
    print(history.history)


def mlflow() -> None:
    """Two runs of one experiment, by MLflow's client: in a folder and in a database."""
    import os

    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    folder = HERE / "mlflow"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for address in (f"file:{folder / 'mlruns'}", f"sqlite:///{folder / 'mlflow.db'}"):
        client = MlflowClient(address)
        experiment = client.create_experiment("sweep", artifact_location="nowhere")
        for number, lr in enumerate((0.1, 0.01)):
            run = client.create_run(experiment, start_time=1_767_355_200_000, run_name=f"lr-{lr}", tags={"team": "a"})
            key = run.info.run_id
            metrics = [Metric("train/loss", lr / (step + 1), 1_767_355_200_000 + 500 * step, step) for step in range(3)]
            metrics += [Metric("acc", float("nan"), 1_767_355_200_250, 1), Metric("acc", 0.5, 1_767_355_201_000, 2)]
            metrics += [Metric("big", float("inf"), 1_767_355_200_250, 0)]
            client.log_batch(key, metrics, [Param("lr", str(lr)), Param("opt", "adam\nw")], [RunTag("note", "x: y")])
            client.set_terminated(key, "FAILED" if number else "FINISHED", end_time=1_767_355_205_000)
        gone = client.create_run(experiment, run_name="gone")
        client.log_metric(gone.info.run_id, "acc", 1.0)
        client.delete_run(gone.info.run_id)
        for run in client.search_runs([experiment]):
            print(run.info.run_name, run.data.params, run.data.metrics, run.info.status)
    for path in sorted(folder.rglob("meta.yaml")):
        text = path.read_text()
        path.write_text(text.replace(str(folder), "/somewhere").replace(str(HERE), "/somewhere"))
    # As text, and without the tables that nobody asks: the database itself has 950 kB.
    with sqlite3.connect(folder / "mlflow.db") as database:
        kept = re.compile(r'(CREATE TABLE|INSERT INTO) "?(experiments|runs|metrics|params|tags)"?[ (]')
        lines = [line for line in database.iterdump() if kept.match(line)]
    text = "\n".join(lines).replace(str(HERE), "/somewhere")
    (folder / "mlflow.sql").write_text(text + "\n")
    (folder / "mlflow.db").unlink()


def wandb() -> None:
    """An offline run of W&B's, of more than one block of 32 KiB; without what it notes of the machine."""
    import os
    import tempfile

    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    import numpy as np
    import wandb as wb

    folder = HERE / "wandb"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = wb.Settings(x_disable_meta=True, x_disable_stats=True, console="off", host="host", run_id="abc")
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        config = {"lr": 0.1, "opt": {"name": "adam"}, "gone": 1}
        run = wb.init(project="p", name="mlp", dir=temporary, config=config, tags=["t"], settings=settings)
        for step in range(60):
            row = {"loss": 1 / (step + 1), "val": {"acc": 0.5 * step}, "note": "x" * 200, "ok": step > 1}
            if step < 2:
                row["gradients/fc.weight"] = wb.Histogram(np.arange(-2.0, 8.0))
                row["img"] = wb.Image(np.zeros((2, 2, 3), np.uint8))
            run.log(row | ({"bad": float("nan"), "inf": float("inf")} if step == 3 else {}))
        run.summary["best"] = 0.25
        run.config["late"] = 5
        run.finish()
        (found,) = Path(temporary).glob("wandb/offline-run-*/run-abc.wandb")
        (folder / "run-abc.wandb").write_bytes(found.read_bytes())
        os.chdir(HERE)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
