"""Code written for HiPlot, behind one other import: its API, its JSON, its settings."""

import undertow.hiplot as hip

data = [
    {"dropout": 0.1, "lr": 0.001, "loss": 10.0, "optimizer": "SGD"},
    {"dropout": 0.15, "lr": 0.01, "loss": 3.5, "optimizer": "Adam"},
    {"dropout": 0.3, "lr": 0.1, "loss": 4.5, "optimizer": "Adam"},
]
experiment = hip.Experiment.from_iterable(data)
experiment.parameters_definition["lr"].type = hip.ValueType.NUMERIC_LOG
experiment.parameters_definition["optimizer"].colors = {"SGD": "rgb(70, 130, 180)", "Adam": "#ff8c00"}
experiment.colorby = "loss"
experiment.display_data(hip.Displays.XY).update(axis_x="lr", axis_y="loss")
experiment.display()

experiment.to_html("experiment.html")
experiment.to_json("experiment.json")
again = hip.Experiment.from_json("experiment.json").validate()
print(again, again.datapoints[0])
