"""The article with one line changed: Boston housing with Keras, and `ut.show` around `model.fit`."""

import keras

import undertow as ut
from undertow.datasets.boston_housing import CAVEAT, load_boston_housing

(x_train, y_train), (x_test, y_test) = load_boston_housing()
print(CAVEAT)

mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
x_train = (x_train - mean) / deviation
x_test = (x_test - mean) / deviation

model = keras.Sequential(
    [
        keras.Input((13,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])

ut.show(model.fit(x_train, y_train, epochs=18, batch_size=16, validation_split=0.2, verbose=0))

_, mae = model.evaluate(x_test, y_test, verbose=0)
print(f"Test error: ${1000 * mae:,.0f}")
