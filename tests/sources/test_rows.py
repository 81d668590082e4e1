import pytest

from undertow.errors import SourceError
from undertow.sources import from_rows, table_of_json


def test_a_key_that_a_row_lacks_is_missing_there():
    assert from_rows([{"a": 1}, {"b": 2}]).table.to_pydict() == {"a": [1, None], "b": [None, 2]}


def test_nested_dicts_flatten_with_dots():
    rows = [{"opt": {"lr": 0.1, "betas": {"one": 0.9}}, "loss": 2}]
    assert from_rows(rows).table.to_pydict() == {"opt.lr": [0.1], "opt.betas.one": [0.9], "loss": [2]}


def test_numbers_and_text_in_one_column_become_text():
    frame = from_rows([{"a": 1}, {"a": "x"}, {"a": 0.5}, {"a": True}, {"a": None}])
    assert frame.table["a"].to_pylist() == ["1", "x", "0.5", "true", None]
    assert frame["a"].kind == "category"


def test_keys_that_are_not_text_are_written_as_text():
    assert from_rows([{1: "x", None: 2, (1, 2): 3}]).table.column_names == ["1", "None", "(1, 2)"]


def test_an_iterator_of_rows_is_read():
    assert len(from_rows({"a": number} for number in range(3))) == 3


def test_a_column_without_any_value_is_a_number_without_values():
    frame = from_rows([{"a": None, "b": 1}])
    assert frame["a"].kind == "number"
    assert frame.table["a"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([{}], "no row has a column"),
        ([{"a": 1}, [1]], "row 1 is of type list"),
        ([{"a": 1}, None], "row 1 is of type NoneType"),
        ([{1: 1, "1": 2}], "row 0 has two values for column '1'"),
        ([{"a.b": 1, "a": {"b": 2}}], "row 0 has two values for column 'a.b'"),
    ],
)
def test_rows_that_cannot_be_shown_are_refused(rows, message):
    with pytest.raises(SourceError, match=message):
        from_rows(rows)


def test_a_dict_that_holds_itself_is_refused():
    row: dict = {}
    row["a"] = row
    with pytest.raises(SourceError, match=r"row 0.*levels deep"):
        from_rows([row])


def test_lone_surrogates_in_names_are_written_out():
    assert from_rows([{"a": {"\ud800": 1}, "\udcff": "\udcff"}]).table.to_pydict() == {
        "a.\\ud800": [1],
        "\\udcff": ["\\udcff"],
    }


@pytest.mark.parametrize("read", [from_rows, lambda rows: table_of_json(rows, "rows")])
def test_two_values_of_a_row_for_one_column_are_refused_whatever_they_came_as(read):
    with pytest.raises(SourceError, match=r"row 1 has two values for column 'a\.b'"):
        read([{"a": 1}, {"a.b": 1, "a": {"b": 2}}])


def test_bad_rows_leave_no_gap():
    rows = [{"a": 1}, 3, {"a.b": 1, "a": {"b": 2}}, {"b": 4}]
    read = table_of_json(rows, "rows", skip_bad=True)
    assert read.skipped == 2
    assert read.table.to_pydict() == {"a": [1, None], "b": [None, 4]}
