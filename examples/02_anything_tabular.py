"""Rows, columns, or any table that speaks Arrow: all go through the one door, and the View can be saved."""

import math

import pyarrow as pa

import undertow as ut

rows = [
    {
        "optimizer": {"name": name, "lr": lr},  # nested dicts become columns optimizer.name and optimizer.lr
        "width": width,
        "accuracy": 0.9 - 0.05 * abs(math.log10(lr) + 3) + 0.01 * math.log2(width) - (0.02 if name == "sgd" else 0),
    }
    for name in ("sgd", "rmsprop", "adam")
    for lr in (1e-4, 1e-3, 1e-2, 1e-1)
    for width in (16, 64, 256)
]

view = ut.show(rows, color="accuracy", title="A small search")
print("saved", view.save("search.html"))

# The same from a dict of columns, a structured array, and a table; a pandas or Polars DataFrame works alike.
columns = {"width": [row["width"] for row in rows], "accuracy": [row["accuracy"] for row in rows]}
ut.show(columns, open=False)
ut.show(pa.table(columns), axes=["accuracy", "width"], open=False)

try:
    ut.show({"width": [16, 64], "accuracy": [0.9]}, open=False)
except ut.SourceError as error:
    print("refused:", error)
