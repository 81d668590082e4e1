"""Makes the logs in this folder, by the tools themselves; each in an environment with the package that it names.

    python make.py keras      # tensorflow-cpu 2.21, keras 3, tensorboard 2.21
    python make.py mlflow     # mlflow 3.18
    python make.py wandb      # wandb 0.31

The names of machines and folders are not kept.
"""

import shutil
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


if __name__ == "__main__":
    globals()[sys.argv[1]]()
