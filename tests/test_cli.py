import json

import pytest
from typer.testing import CliRunner

import undertow as ut
from undertow import _cli

RUNNER = CliRunner()


@pytest.fixture
def runs(tmp_path):
    with ut.Run(tmp_path / "runs", name="mlp") as run:
        for epoch in range(40):
            run.log(step=epoch, epoch=epoch, loss=100 * 0.5**epoch + 1)
    return tmp_path / "runs"


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr(ut.View, "_parts", lambda view: iter(["page"]))


def invoke(*arguments):
    return RUNNER.invoke(_cli.app, [str(argument) for argument in arguments])


def test_version():
    assert invoke("--version").output == f"undertow {ut.__version__}\n"


def test_help_names_the_commands():
    assert {"demo", "show", "serve", "diagnose", "ls", "verify", "compact"} <= set(invoke("--help").output.split())


@pytest.mark.usefixtures("page")
def test_show_writes_a_page(runs, tmp_path):
    result = invoke("show", runs, "-o", tmp_path / "out.html")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.html").read_text() == "page"
    assert "out.html" in result.output


@pytest.mark.usefixtures("page")
def test_show_takes_several_folders(runs, tmp_path):
    assert invoke("show", runs, runs, "--lens", "steps", "-o", tmp_path / "out.html").exit_code == 0


def test_diagnose_says_the_findings(runs):
    assert "The fit tapers off at epoch 7" in " ".join(invoke("diagnose", runs).output.split())


def test_diagnose_as_json(runs):
    (finding,) = json.loads(invoke("diagnose", runs, "--json").output)
    assert finding["kind"] == "plateau"
    assert finding["filters"] == {"epoch": {"ranges": [[7, 39]]}}


def test_diagnose_fails_on_what_it_is_told_to_fail_on(runs):
    assert invoke("diagnose", runs, "--fail-on", "warning").exit_code == 0
    assert invoke("diagnose", runs, "--fail-on", "info").exit_code == 1


def test_an_error_is_one_line_without_a_traceback(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["undertow", "diagnose", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        _cli.main()
    assert caught.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert "holds no run.json" in said.err
    assert "Traceback" not in said.err


def test_markup_in_names_is_text(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["undertow", "diagnose", str(tmp_path / "[red]x[/]")])
    with pytest.raises(SystemExit):
        _cli.main()
    assert "[red]x[/]" in capsys.readouterr().err


def test_ls_lists_the_runs(runs):
    (folder,) = runs.iterdir()
    result = invoke("ls", runs)
    assert result.exit_code == 0
    assert folder.name in result.output
    assert "finished" in result.output


def test_ls_never_cuts_an_id_in_a_pipe(runs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    (folder,) = runs.iterdir()
    long = folder.rename(runs / f"{folder.name}-{'x' * 120}")
    assert [line.split()[:2] for line in invoke("ls", runs).output.splitlines()[1:]] == [[long.name, "finished"]]


def test_verify_says_whole_or_what_is_not(runs):
    (folder,) = runs.iterdir()
    result = invoke("verify", runs)
    assert result.exit_code == 0
    assert "2 files, 40 rows: whole" in result.output
    (segment,) = (folder / "steps").iterdir()
    segment.write_bytes(segment.read_bytes()[:-9])
    result = invoke("verify", folder)
    assert result.exit_code == 1
    assert segment.name in result.output
    assert "1 with problems" in result.output


def test_compact_merges(runs):
    (folder,) = runs.iterdir()
    with ut.Run(runs, resume=folder.name) as run:
        run.log(loss=0.0)
    result = invoke("compact", runs)
    assert result.exit_code == 0
    assert "sealed 0, merged 2, removed 0" in result.output
    assert [path.name[:2] for path in (folder / "steps").iterdir()] == ["c-"]
    assert ut.load(runs).steps.to_arrow().num_rows == 41


def test_diagnose_explains_with_numbers_thresholds_and_source(runs):
    said = " ".join(invoke("diagnose", runs, "--explain", "--rule", "plateau").output.split())
    assert "gain of the tail" in said
    assert "(threshold 1 %)" in said
    assert "plateau: Prechelt (1998)" in said


def test_diagnose_asks_the_rule_that_is_named(runs):
    assert json.loads(invoke("diagnose", runs, "--json", "--rule", "divergence").output) == []
    refused = invoke("diagnose", runs, "--rule", "plateaux")
    assert refused.exit_code == 2
    assert "there is no rule 'plateaux'" in " ".join(refused.output.replace("│", " ").split())
