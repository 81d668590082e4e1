import numpy as np

from undertow.datasets.boston_housing import CAVEAT, FEATURES, load_boston_housing

(X_TRAIN, Y_TRAIN), (X_TEST, Y_TEST) = load_boston_housing()


def test_shapes_and_types_are_those_of_keras():
    assert (X_TRAIN.shape, Y_TRAIN.shape) == ((404, 13), (404,))
    assert (X_TEST.shape, Y_TEST.shape) == ((102, 13), (102,))
    assert {array.dtype for array in (X_TRAIN, Y_TRAIN, X_TEST, Y_TEST)} == {np.dtype("float64")}


def test_rows_are_shuffled_as_keras_shuffles_them():
    first = [1.23247, 0, 8.14, 0, 0.538, 6.142, 91.7, 3.9769, 4, 307, 21, 396.9, 18.72]
    assert X_TRAIN[0].tolist() == first
    assert Y_TRAIN[:3].tolist() == [15.2, 42.3, 50]
    assert Y_TRAIN[-3:].tolist() == [19.4, 19.4, 29.1]


def test_no_row_is_lost_or_doubled():
    rows = np.concatenate([np.c_[X_TRAIN, Y_TRAIN], np.c_[X_TEST, Y_TEST]])
    assert len(np.unique(rows, axis=0)) == 506
    assert np.all(np.isfinite(rows))


def test_the_split_can_be_chosen():
    (x_train, _), (x_test, _) = load_boston_housing(test_split=0.5, seed=0)
    assert (len(x_train), len(x_test)) == (253, 253)


def test_the_caveat_names_the_column():
    assert "b" in FEATURES
    assert "Column b" in CAVEAT
