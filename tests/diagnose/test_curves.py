import numpy as np

from undertow.diagnose._curves import curves_of
from undertow.sources import from_columns


def test_a_long_curve_is_averaged_over_equal_spans():
    steps = np.arange(100_000)
    loss = 3 * np.exp(-steps / 9_000) + 1
    [curves] = curves_of(from_columns({"step": steps, "loss": loss}))
    assert len(curves.x) == 2000
    assert curves.x[-1] == curves.step[-1] == 99_999
    assert curves.x[0] == 49
    np.testing.assert_allclose(curves.metrics["loss"], loss.reshape(2000, 50).mean(1))
