"""Made by HiPlot 0.1.33 itself: run in an environment that has it."""

import json
import re
import sys
from pathlib import Path

import hiplot as hip

out = Path(sys.argv[1])
exp = hip.Experiment(
    [
        hip.Datapoint({"lr": 0.1, "opt": "adam", "loss": 10.0, "when": 1700000000, "w": 1, "score": "3"}, uid="a"),
        hip.Datapoint(
            {"lr": 0.01, "opt": "sgd", "loss": float("nan"), "when": 1700000060, "w": 3, "score": "4.5"},
            uid="b",
            from_uid="a",
        ),
        hip.Datapoint({"lr": 0.001, "opt": "<b>", "loss": float("inf"), "w": 1, "score": ""}, uid="c", from_uid="b"),
    ]
)
exp.parameters_definition["lr"] = hip.ValueDef(hip.ValueType.NUMERIC_LOG, colormap="interpolateSinebow#inverse")
exp.parameters_definition["loss"].type = hip.ValueType.NUMERIC_PERCENTILE
exp.parameters_definition["when"].type = hip.ValueType.TIMESTAMP
exp.parameters_definition["opt"].colors = {"adam": "rgb(255, 0, 0)", "sgd": "#00ff00"}
exp.parameters_definition["opt"].label_html = "<i>the</i> optimizer"
exp.parameters_definition["w"].force_range(0, 10)
exp.colorby = "lr"
exp.weightcolumn = "w"
exp.colormap = "interpolateViridis"
exp.display_data(hip.Displays.PARALLEL_PLOT).update(
    {"order": ["loss", "lr", "opt"], "hide": ["score"], "invert": ["lr"]}
)
exp.display_data(hip.Displays.XY).update({"axis_x": "lr", "axis_y": "loss"})
exp.display_data(hip.Displays.TABLE).update({"order_by": [["loss", "desc"]]})
exp.validate()
(out / "plain.json").write_text(json.dumps(exp._asdict()))
html = exp.to_html()
# Of the page alone what it is recognised by: HiPlot's bundle weighs 1.6 MB.

cut = re.sub(r'<script type="text/javascript">(?!\s*function _hiplot_setup).*?</script>', "", html, flags=re.S)
cut = re.sub(r'<link href="data:image[^>]*>\n?', "", cut)
cut = re.sub(r'<script src="static.*?</script>', "", cut)
(out / "page.html").write_text(cut, encoding="utf-8")
print(len(html), len(cut))
exp._compress = True
(out / "compressed.json").write_text(json.dumps(exp._asdict()))
