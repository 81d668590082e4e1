"""Files by path: told by name and content, joined, and refused by file, row and column."""

import bz2
import contextlib
import datetime as dt
import gzip
import json
import lzma
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet
from typer.testing import CliRunner

import undertow as ut
from undertow import _cli
from undertow._dispatch import frames_of
from undertow.errors import SourceError
from undertow.sources import FORMATS, LOGS, from_files, from_rows

ROWS = [
    {"lr": 0.1, "opt": "adam", "ok": True, "day": dt.datetime(2024, 2, 29)},
    {"lr": 1e-3, "opt": "sgd", "ok": False},
]
TABLE = pa.table(
    {
        "lr": [0.1, 1e-3],
        "opt": ["adam", "sgd"],
        "ok": [True, False],
        "day": pa.array([dt.datetime(2024, 2, 29), None], pa.timestamp("us")),
    }
)


def written(path, text, encoding="utf-8"):
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def read(path, **options):
    return from_files([path], **options).table.to_pydict()


@pytest.mark.parametrize(
    "name",
    ["pandas.csv", "pandas.tsv", "polars.csv", "pandas.json", "lines.jsonl", "columns.json", "split.json", "table.json",
     "records.json", "polars.ndjson", "pandas.parquet", "polars.parquet", "file.arrow", "stream.arrows", "v1.feather",
     "v2.feather", "semi.csv"],
)  # fmt: skip
def test_what_other_tools_write_comes_back_as_it_was(tmp_path, name):
    path = tmp_path / name
    pandas, polars = TABLE.to_pandas(), pl.from_arrow(TABLE)
    {
        "pandas.csv": lambda: pandas.to_csv(path),
        "pandas.tsv": lambda: pandas.to_csv(path, sep="\t", index=False),
        "semi.csv": lambda: pandas.to_csv(path, sep=";", decimal=",", index=False),
        "polars.csv": lambda: polars.write_csv(path),
        "pandas.json": lambda: pandas.to_json(path, date_format="iso"),
        "split.json": lambda: pandas.to_json(path, orient="split", date_format="iso"),
        "table.json": lambda: pandas.to_json(path, orient="table", index=False, date_format="iso"),
        "records.json": lambda: pandas.to_json(path, orient="records", date_format="iso"),
        "lines.jsonl": lambda: pandas.to_json(path, orient="records", lines=True, date_format="iso"),
        "columns.json": lambda: path.write_text(
            json.dumps({c: list(map(str, TABLE[c].to_pylist())) for c in TABLE.column_names})
        ),
        "polars.ndjson": lambda: polars.write_ndjson(path),
        "pandas.parquet": lambda: pandas.to_parquet(path),
        "polars.parquet": lambda: polars.write_parquet(path),
        "file.arrow": lambda: polars.write_ipc(path),
        "stream.arrows": lambda: polars.write_ipc_stream(path),
        "v1.feather": lambda: feather.write_feather(TABLE.drop_columns("day"), path, version=1),
        "v2.feather": lambda: pandas.to_feather(path),
    }[name]()
    (frame,) = frames_of(str(path))
    assert frame.lens == "rows"
    for column in [name for name in TABLE.column_names if (name, path.name) != ("day", "v1.feather")]:
        assert frame.table[column].to_pylist() == TABLE[column].to_pylist(), column
    assert set(frame.table.column_names) <= set(TABLE.column_names)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_unpacked_whatever_their_name(tmp_path, pack):
    assert read(written(tmp_path / "a.csv.gz", pack(b"a,b\n1,x\n"))) == {"a": [1], "b": ["x"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_in_any_unicode(tmp_path, encoding):
    assert read(written(tmp_path / "a.csv", "β,b\n1,ü\n", encoding)) == {"β": [1], "b": ["ü"]}


def test_a_csv_of_numbers_alone_has_no_header(tmp_path):
    assert read(written(tmp_path / "a.csv", "1,2\n3,4\n")) == {"column 1": [1, 3], "column 2": [2, 4]}


def test_quotes_hold_delimiters_lines_and_quotes(tmp_path):
    text = '"a,b",c\n"x\r\n""y""",2\n\n z ,3\n'
    assert read(written(tmp_path / "a.csv", text)) == {"a,b": ['x\r\n"y"', " z "], "c": [2, 3]}


def test_a_nameless_first_column_that_does_not_count_is_kept(tmp_path):
    pd.DataFrame({"a": [1, 2]}, index=["x", "y"]).to_csv(tmp_path / "a.csv")
    assert read(tmp_path / "a.csv") == {"index": ["x", "y"], "a": [1, 2]}


def test_nested_json_flattens_and_long_lists_are_text(tmp_path):
    rows = [{"a": {"b": 1}, "list": list(range(40))}, {"a": {"b": "2"}, "late": None}]
    table = read(written(tmp_path / "a.json", json.dumps(rows)))
    assert table["a.b"] == [1, 2]
    assert table["list"][0].startswith("[0, 1")
    assert table["late"] == [None, None]


def test_a_single_object_is_one_row_and_a_list_of_mixed_keys_many(tmp_path):
    assert read(written(tmp_path / "a.json", '{"loss": NaN, "n": 1, "inf": -Infinity}'))["n"] == [1]


def test_transformers_state_is_a_row_a_step(tmp_path):
    transformers = pytest.importorskip("transformers")
    state = transformers.TrainerState(global_step=20, log_history=[
        {"epoch": 0.5, "loss": 2.0, "learning_rate": 1e-3, "step": 10},
        {"epoch": 1.0, "loss": 1.0, "learning_rate": 1e-4, "step": 20},
        {"epoch": 1.0, "eval_loss": 1.5, "step": 20},
    ])  # fmt: skip
    state.save_to_json(str(tmp_path / "trainer_state.json"))
    table = read(tmp_path / "trainer_state.json")
    assert table["step"] == [10, 20]
    assert table["loss"] == [2.0, 1.0]
    assert table["eval_loss"] == [None, 1.5]


def test_a_folder_of_parquet_is_one_table_with_its_keys(tmp_path):
    parquet.write_to_dataset(
        pa.table({"x": [1, 2, 3], "seed": [0, 0, 7], "opt": ["a", "b", "b"]}),
        tmp_path / "d",
        partition_cols=["seed", "opt"],
    )
    table = read(tmp_path / "d")
    assert sorted(zip(table["x"], table["seed"], table["opt"], strict=True)) == [(1, 0, "a"), (2, 0, "b"), (3, 7, "b")]
    assert "source" not in table


def test_several_files_are_one_frame_that_says_which_row_is_whose(tmp_path):
    a = written(tmp_path / "a.csv", "lr,n,when,note\n0.1,1,2024-01-01,x\n")
    b = written(tmp_path / "b.jsonl", '{"lr": 1, "n": "many", "when": "2024-01-02T00:00Z"}\n')
    c = tmp_path / "c.parquet"
    parquet.write_table(pa.table({"lr": pa.array([None], pa.float32()), "n": [2]}), c)
    assert frames_of([a, str(b), c])[0].table.to_pydict() == {
        "source": ["a", "b", "c"],
        "lr": [0.1, 1.0, None],
        "n": ["1", "many", "2"],
        "when": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 2, tzinfo=dt.UTC), None],
        "note": ["x", None, None],
    }


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for folder in "xy":
        (tmp_path / folder).mkdir()
        written(tmp_path / folder / "log.csv", f"source,a\n{folder},1\n")
    assert read(tmp_path)["source (file)"] == ["x/log.csv", "y/log.csv"]
    assert read(tmp_path)["source"] == ["x", "y"]


def test_hidden_and_foreign_files_in_a_folder_are_passed_over(tmp_path):
    for name in (".a.csv", "_SUCCESS.csv", "read.me", "b.csv"):
        written(tmp_path / name, "a\n1\n")
    assert read(tmp_path) == {"a": [1]}


def test_content_tells_what_a_name_does_not(tmp_path):
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "data.csv")
    assert read(tmp_path / "data.csv") == {"a": [1]}
    assert read(written(tmp_path / "results", '[{"a": 1}]')) == {"a": [1]}
    assert read(written(tmp_path / "table.dat", "a\tb\n1\t2\n")) == {"a": [1], "b": [2]}
    assert read(written(tmp_path / "x.log", "a\n1\n"), format="csv") == {"a": [1]}
    with pytest.raises(SourceError, match=r"x\.log is a file of no format that can be told"):
        read(tmp_path / "x.log")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "a,b\n1,2\n\n3\n4,5,6\n", r"a\.csv, line 4: 1 values where there are 2 columns"),
        ("a.csv", '\n\na,b\n"x\ny",2\n4,5,6\n', r"a\.csv, line 6: 3 values"),
        ("a.csv", "a,a\n1,2\n", r"a\.csv: column name 'a' occurs more than once"),
        ("a.csv", "a,b\n", "a header alone"),
        ("a.csv", "", "empty"),
        ("a.csv", b"a\n1\n\xff\n", r"a\.csv, line 3: bytes that are not UTF-8 text"),
        ("a.json", '[{"a": 1},\n {"a": }]', r"a\.json, line 2, column 8"),
        ("a.json", '[{"a": 1}, 3]', r"a\.json, row 1 is of type int"),
        ("a.json", "3", r"a\.json holds a single int"),
        ("a.json", "[" * 100_000, "nests too deep"),
        ("a.json", "[]", "no rows"),
        ("a.json", '{"a": [1, 2], "b": [1]}', r"a\.json, column 'b' has 1 values where another has 2"),
        ("a.jsonl", '{"a": 1}\n{"a": x}\n{"a": 2}\n', r"a\.jsonl, line 2"),
        ("a.jsonl", '{"a": 1}\n3\n{"a": 2}\n', r"a\.jsonl, line 2: a int, not an object"),
        ("a.json", '[{"a": 1' + "0" * 5000 + "}]", "cannot be read as JSON"),
        ("a.parquet", b"PAR1 and no more", r"a\.parquet cannot be read as Parquet"),
        ("a.arrow", b"ARROW1 and no more", r"a\.arrow cannot be read as Arrow"),
        ("a.html", "<html></html>", r"a\.html holds no experiment of HiPlot's"),
        ("a.csv.gz", b"\x1f\x8b", r"a\.csv\.gz cannot be read"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_by_name_and_place(tmp_path, name, text, message):
    with pytest.raises(SourceError, match=message):
        read(written(tmp_path / name, text))


def test_a_half_last_line_of_a_killed_training_is_left_out_and_counted(tmp_path):
    path = written(tmp_path / "log.jsonl", '{"a": 1}\n{"a": 2}\n{"a"')
    with pytest.warns(UserWarning, match=r"Left out: 1 bad row\."):
        assert read(path) == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("a.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n", {"a": [1, 7], "b": [2, 8]}),
        ("a.jsonl", '{"a": 1}\nx\n3\n{"a": 4}\n', {"a": [1, 4]}),
        ("a.json", '[{"a": 1}, 3, null]', {"a": [1]}),
    ],
)
def test_bad_rows_are_left_out_on_demand_and_counted(tmp_path, name, text, kept):
    path = written(tmp_path / name, text)
    with pytest.warns(UserWarning, match="Left out: 2 bad rows"):
        frame = from_files([path], skip_bad=True)
    assert frame.table.to_pydict() == kept
    assert "2 bad rows" in frame.note


def test_bad_files_are_left_out_on_demand_but_never_all(tmp_path):
    good, bad = written(tmp_path / "a.csv", "a\n1\n"), written(tmp_path / "b.parquet", b"PAR1")
    with pytest.raises(SourceError, match=r"b\.parquet"):
        from_files([good, bad])
    with pytest.warns(UserWarning, match=r"1 bad file \(the first: .*b\.parquet"):
        assert len(from_files([good, bad], skip_bad=True)) == 1
    with pytest.raises(SourceError, match=r"none of 2 files can be read; the first: .*b\.parquet"):
        from_files([bad, bad], skip_bad=True)


def test_runs_and_files_are_not_shown_together(tmp_path):
    with ut.Run(tmp_path / "runs", name="mlp") as run:
        run.log(loss=1.0)
    with pytest.raises(SourceError, match=r"a\.csv holds no run, as others do"):
        frames_of([run.path, written(tmp_path / "a.csv", "a\n1\n")])


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(SourceError, match="there is no format 'xls'; there are: csv"):
        read(written(tmp_path / "a.csv", "a\n1\n"), format="xls")


def test_the_command_line_shows_files_and_counts_what_it_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(ut.View, "_parts", lambda view: iter([repr(view)]))
    path = written(tmp_path / "a.log", "a,b\n1,2\n3\n")
    arguments = ["show", str(path), "-o", str(tmp_path / "out.html"), "--format", "csv"]
    assert isinstance(CliRunner().invoke(_cli.app, arguments).exception, SourceError)
    result = CliRunner().invoke(_cli.app, [*arguments, "--skip-bad"])
    assert result.exit_code == 0
    assert "Left out: 1 bad row" in " ".join(result.output.split())
    assert (tmp_path / "out.html").read_text() == "View('a.log': rows (1 rows); 0 findings)"
    assert [each.value for each in _cli.Format] == [*FORMATS, *LOGS]


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.sampled_from(["", "a", '"', "x,y\nz"])
)
FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)


@FUZZ
@given(
    columns=st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(st.floats() | st.integers(-(2**53), 2**53), min_size=n, max_size=n), min_size=1)
    )
)
def test_what_pandas_writes_as_csv_comes_back_to_the_last_bit(tmp_path, columns):
    frame = pd.DataFrame(columns, columns=[f"c{i}" for i in range(len(columns[0]))], dtype=float)
    frame.to_csv(tmp_path / "f.csv", index=False, na_rep="nan")
    table = read(tmp_path / "f.csv")
    np.testing.assert_array_equal(np.array([table[c] for c in frame.columns], float).T, frame.to_numpy())


@FUZZ
@given(rows=st.lists(st.dictionaries(st.text(min_size=1, max_size=3), CELLS, max_size=3), min_size=1))
def test_json_rows_have_the_values_that_rows_have(tmp_path, rows):
    path = written(tmp_path / "f.json", json.dumps(rows))
    try:
        wanted = from_rows(rows).table
    except SourceError:
        wanted = None
    if wanted is None:
        with pytest.raises(SourceError):
            read(path)
    else:
        found = from_files([path], format="json").table
        assert found.column_names == wanted.column_names
        assert found.num_rows == wanted.num_rows


KEYS = "datapoints values uid from_uid data columns schema a rows datapoints_compressed log_history global_step"
TEXTS = st.one_of(
    st.text(st.sampled_from('ab1.,;\t"\n\r \0\ufeff-e∞'), max_size=40),
    st.text(st.sampled_from('{}[]":,\n1aN-. '), max_size=40),
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4),
    ).map(json.dumps),
)  # fmt: skip


@FUZZ
@given(text=TEXTS, kind=st.sampled_from(sorted(FORMATS)), skip_bad=st.booleans())
def test_no_file_does_worse_than_an_error_of_ours(tmp_path, text, kind, skip_bad):
    path = written(tmp_path / "f", text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(SourceError):
            assert len(from_files([path], format=kind, skip_bad=skip_bad)) > 0


@FUZZ
@given(data=st.data(), kind=st.sampled_from(["parquet", "arrow"]))
def test_no_flipped_byte_does_worse_than_an_error_of_ours(tmp_path, data, kind):
    path = tmp_path / "f"
    parquet.write_table(TABLE, path) if kind == "parquet" else pl.from_arrow(TABLE).write_ipc(path)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(SourceError):
        from_files([written(path, bytes(content))], format=kind)
