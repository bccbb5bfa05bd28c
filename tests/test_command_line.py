"""The real command, as a user would type it, on data made here."""

import json
import os
import random
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.reporting import figure_fonts

CODEBOOK = """
name: Weather talk
frames:
  - id: storm
    name: Storm
    definition: The sentence speaks of a storm.
    examples: ["The storm took the roof."]
  - id: harvest
    name: Harvest
    definition: The sentence speaks of the harvest.
    examples: ["The harvest is in."]
"""
CONFIG = """
name: baseline
data:
  codebook: codebook.yaml
  labelled: labelled.csv
model:
  kind: tfidf
  c_grid: [1.0, 10.0]
evaluation:
  bootstrap_samples: 200
tracking:
  register_as: weather
"""
STORM = ["storm", "thunder", "gale", "lightning", "hail"]
HARVEST = ["harvest", "wheat", "barley", "reaper", "granary"]
OTHER = ["minister", "bridge", "school", "train", "market", "letter", "museum", "harbour", "choir", "garden"]


def make_sentence(generator: random.Random, *, storm: bool, harvest: bool) -> str:
    words = generator.sample(OTHER, 5)
    if storm:
        words += generator.sample(STORM, 2)
    if harvest:
        words += generator.sample(HARVEST, 2)
    generator.shuffle(words)
    return f"{' '.join(words)} number {generator.randrange(10**6)}".capitalize() + "."


def write_labelled(path: Path, n: int = 160) -> None:
    generator = random.Random(3)
    lines = ["id,text,labels,source,date"]
    for i in range(n):
        storm, harvest = generator.random() < 0.4, generator.random() < 0.4
        text = make_sentence(generator, storm=storm, harvest=harvest)
        labels = ";".join(name for name, on in (("storm", storm), ("harvest", harvest)) if on)
        lines.append(f"s{i},{text},{labels},channel_{i % 3},2024-{1 + i * 10 // n:02d}-{1 + i % 28:02d}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_export(path: Path, n: int = 12) -> None:
    generator = random.Random(5)
    messages = []
    for i in range(n):
        sentences = [make_sentence(generator, storm=i % 2 == 0, harvest=i % 3 == 0) for _ in range(3)]
        messages.append(
            {
                "id": i + 1,
                "type": "message",
                "date": f"2024-11-{1 + i:02d}T12:00:00",
                "date_unixtime": str(1730462400 + i * 86400),
                "from": "Weather desk",
                "text": " ".join(sentences),
                "text_entities": [],
            }
        )
    export = {"name": "Weather desk", "type": "public_channel", "id": 77, "messages": messages}
    path.write_text(json.dumps(export), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "baseline.yaml").write_text(CONFIG, encoding="utf-8")
    write_labelled(folder / "labelled.csv")
    write_export(folder / "result.json")
    return folder


def frames(folder: Path, *arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode == 1) is fails, done.stdout + done.stderr
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def trained(project: Path) -> dict[str, object]:
    return json.loads(frames(project, "train", "baseline.yaml", "--json").stdout)


def test_check_shows_folds_without_training(project: Path) -> None:
    shown = frames(project, "check", "baseline.yaml").stdout
    assert "clusters of copies" in shown
    assert "storm" in shown
    assert not (project / "runs").exists() or not list((project / "runs").glob("*/bundle.json"))


def test_train_learns_records_and_registers(project: Path, trained: dict[str, object]) -> None:
    assert trained["version"] == 1
    assert Path(project / str(trained["bundle"]) / "bundle.json").is_file()
    assert trained["evaluation"]["macro_f1"] > 0.8  # the words decide, so this is easy
    assert (project / "mlflow.db").is_file()


def test_evaluate_prints_the_promised_object_and_warns_of_training_texts(
    project: Path, trained: dict[str, object]
) -> None:
    done = frames(project, "evaluate", str(trained["bundle"]), "labelled.csv", "--json")
    result = json.loads(done.stdout)
    assert {"macro_f1", "micro_f1", "samples_f1", "per_frame", "n"} <= set(result)
    assert result["n"] == 160
    assert set(result["per_frame"]) == {"storm", "harvest"}
    assert any("training data" in note for note in result["notes"])


def test_champion_resolves_and_predicts_exactly_once(project: Path, trained: dict[str, object]) -> None:
    frames(project, "promote", "weather", "1", "--why", "first")
    assert "champion" in frames(project, "models").stdout
    for _ in range(2):
        frames(project, "predict", "result.json", "--model", "models:/weather@champion", "-o", "scores")
    posts, distinct, hashes = duckdb.sql(
        "select count(*), count(distinct post_key), min(bundle_hash) "
        f"from read_parquet('{project}/scores/posts/**/*.parquet')"
    ).fetchall()[0]
    assert (posts, distinct, hashes) == (12, 12, trained["bundle_hash"])
    sentences = duckdb.sql(
        f"select count(*) from read_parquet('{project}/scores/sentences/**/*.parquet')"
    ).fetchall()[0]
    assert sentences == (36,)


def test_compare_with_itself_shows_no_difference(project: Path, trained: dict[str, object]) -> None:
    bundle = str(trained["bundle"])
    result = json.loads(frames(project, "compare", bundle, bundle, "--json").stdout)
    assert result["macro_f1"]["gain"]["value"] == 0
    assert "no difference can be shown" in result["verdict"]


def test_the_predict_script_stands_alone(project: Path, trained: dict[str, object]) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pipeline.predict",
            "result.json",
            "--model",
            str(trained["bundle"]),
            "-o",
            "alone",
        ],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list((project / "alone" / "posts").rglob("*.parquet"))


def test_ingest_then_predict_from_the_posts_table(project: Path, trained: dict[str, object]) -> None:
    first = json.loads(frames(project, "ingest", "result.json", "-o", "posts.parquet", "--json").stdout)
    again = json.loads(frames(project, "ingest", "result.json", "-o", "posts.parquet", "--json").stdout)
    assert (first["new"], again["new"], again["unchanged"]) == (12, 0, 12)
    done = frames(
        project, "predict", "posts.parquet", "--model", str(trained["bundle"]), "-o", "from_table", "--json"
    )
    assert json.loads(done.stdout)


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "baseline.yaml", "--set", "model.depth=3"], "model.*depth"),
        (["check", "baseline.yaml", "--set", "data.labelled=none.csv"], "no such file"),
        (["check", "baseline.yaml", "--set", "data.columns.text=body"], "body"),
        (["check", "baseline.yaml", "--set", "data.labelled=unknown.csv"], "not in the codebook"),
        (["check", "baseline.yaml", "--set", "data.labelled=empty.csv"], "empty.csv"),
        (["check", "baseline.yaml", "--set", "decisions.minimum_positives=500"], "rare_frames=warn"),
        (["check", "baseline.yaml", "--set", "data.labelled=cp1251.csv"], "UTF-8"),
        (["evaluate", "nowhere", "labelled.csv"], "no such file or folder: nowhere"),
        (["evaluate", "models:/nothing@champion", "labelled.csv"], "nothing"),
        (["predict", "result.json", "--model", "models:/weather@nobody", "-o", "x"], "nobody"),
        (["ingest", "cut.json", "-o", "cut.parquet"], "cut.json"),
        (["ingest", "missing.json", "-o", "m.parquet"], "missing.json"),
    ],
)
def test_faults_are_one_clear_message(
    project: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "unknown.csv").write_text("text,labels\nsome words here,snow\n", encoding="utf-8")
    (project / "empty.csv").write_text("", encoding="utf-8")
    (project / "cp1251.csv").write_bytes("text,labels\nслово и дело,storm\n".encode("cp1251"))
    (project / "cut.json").write_text((project / "result.json").read_text()[:900], encoding="utf-8")
    monkeypatch.chdir(project)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)  # as of a process of its own, below
    assert "Error" in done.stderr
    assert re.search(message, done.stderr.replace("\n", " ")), done.stderr


def test_a_fault_ends_the_process_without_a_traceback(project: Path) -> None:
    said = frames(project, "check", "baseline.yaml", "--set", "model.depth=3", fails=True).stderr
    assert "Error" in said
    assert "Traceback" not in said


def test_a_training_ends_in_ten_lines_unless_all_is_wanted(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("codebook.yaml", "baseline.yaml", "labelled.csv"):
        shutil.copy(project / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    done = CliRunner().invoke(app, ["train", "baseline.yaml"])
    assert done.exit_code == 0, done.output
    short = done.stdout
    assert len(short.splitlines()) <= 12, short
    for said in ("macro-F1 over", "weakest F1: ", "run id", "bundle  ", "registered as", "--verbose"):
        assert said in short


def test_frames_that_plots_cannot_name_are_told(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("codebook.yaml", "baseline.yaml", "labelled.csv"):
        text = (project / name).read_text(encoding="utf-8").replace("storm", "风暴")
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(figure_fonts, "list_faces", lambda: ())  # a machine without fonts
    for cached in (figure_fonts._choose_face, figure_fonts._find_all_letters):
        cached.cache_clear()
    done = CliRunner().invoke(app, ["train", "baseline.yaml"], env={"COLUMNS": "500"})
    for cached in (figure_fonts._choose_face, figure_fonts._find_all_letters):
        cached.cache_clear()
    assert done.exit_code == 0, done.output
    assert "no font of this machine has all letters of: 风暴; they show boxes" in done.stdout
    assert "Glyph" not in done.stderr  # one line for each letter, in the words of a library


def run_predict_alone() -> None:
    """As `python -m` does: no module is left behind under the name of the function `pipeline.predict`."""
    runpy.run_module("pipeline.predict", run_name="__main__")


def test_the_predict_script_has_the_help_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = []
    for call in (run_predict_alone, lambda: app(["predict", "--help"], prog_name="frames")):
        monkeypatch.setattr(sys, "argv", ["predict.py", "--help"])
        with pytest.raises(SystemExit):
            call()
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert shown[0].startswith("Usage: frames predict")
