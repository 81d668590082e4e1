"""Record what backpropagation does to each layer, and see it flow from the loss back to the input."""

import keras
import numpy as np

import undertow as ut

rng = np.random.default_rng(0)
x = rng.normal(size=(512, 8)).astype("float32")
y = np.sin(x.sum(axis=1, keepdims=True))

# Deep, and squeezed by sigmoids: watch the gradient fade on its way back.
layers = [keras.layers.Dense(16, activation="sigmoid", name=f"hidden_{depth}") for depth in range(1, 6)]
model = keras.Sequential([keras.Input((8,)), *layers, keras.layers.Dense(1, name="output")])
model.compile(optimizer="adam", loss="mse")

with ut.Run("runs", name="sigmoids", config={"depth": len(layers), "optimizer": "adam"}) as run:
    model.fit(x, y, epochs=12, validation_split=0.25, verbose=0, callbacks=[ut.keras.Recorder(run)])

recording = ut.load(run.path)
for finding in ut.diagnose(recording):
    print(finding)
ut.show(recording, lens="flow", title="Five sigmoids")
