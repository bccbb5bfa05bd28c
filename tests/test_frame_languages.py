"""Which frames a model was taught in which languages, told before training and while posts are scored."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipeline.annotation.record_files import write_records
from pipeline.bundle import load_bundle
from pipeline.cli import app
from pipeline.commands.model_tables import print_slices
from pipeline.config.run_config import load_run_config
from pipeline.data.labels.frame_languages import FrameLanguages, describe_untaught, main_languages
from pipeline.data.tables.table_files import read_records
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import run_training

WAR = {
    "en": "Troops shelled the town and rockets fell on it",
    "ru": "Войска обстреляли город, и на него упали ракеты",
}
TAX = {"en": "Taxes on fuel were raised by the parliament", "ru": "Парламент повысил налоги на топливо"}
REST = {"en": "Reporters waited for hours near the gate", "ru": "Журналисты часами ждали возле ворот"}


def test_languages_that_identification_may_have_invented_do_not_count() -> None:
    counts = {"ru": 900, "en": 2000, "fr": 9, "de": 20, "und": 5000}
    assert main_languages(counts) == ["en", "ru"]
    taught = FrameLanguages({"en": 50}, {"war": {"en": 5}, "tax": {"en": 2, "ru": 1}})
    assert taught.find_untaught(counts) == {"war": ["ru"]}
    assert describe_untaught({"war": ["ru", "uk"], "tax": ["uk"]}) == ("ru: war", "uk: war, tax")


def test_a_model_from_before_says_nothing_of_languages() -> None:
    assert FrameLanguages.from_json(None) is None
    taught = FrameLanguages({"en": 3}, {"war": {"en": 1}})
    assert FrameLanguages.from_json(json.loads(json.dumps(taught.to_json()))) == taught


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels in two languages; the tax frame is never labelled in Russian."""
    folder = tmp_path_factory.mktemp("bilingual")
    frames = [
        {"id": frame, "name": frame, "definition": definition, "examples": ["One.", "Two."]}
        for frame, definition in (("war", "Violence of armies"), ("tax", "Taxes and fees"))
    ]
    (folder / "codebook.yaml").write_text(
        json.dumps({"name": "made", "version": "1", "mode": "multi_label", "frames": frames}),
        encoding="utf-8",
    )
    rows = []
    for n in range(240):
        lang = ("en", "ru")[n % 2]
        kind = n // 2 % 3
        text, labels = [(WAR[lang], ["war"]), (TAX[lang], ["tax"] * (lang == "en")), (REST[lang], [])][kind]
        rows.append({"text": f"{text} {n} {n * 7} {n * 13} {n * 31}.", "labels": labels, "lang": lang})
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "run.yaml").write_text(
        f"name: made\noutput: {folder}/models\n"
        "data: {codebook: codebook.yaml, labelled: rows.jsonl, learn_from_codebook: false}\n"
        "folds: {method: cluster}\nmodel: {kind: tfidf, c_grid: [3], inner_folds: 2}\n"
        "evaluation: {bootstrap_samples: 100}\ndecisions: {rare_frames: warn}\n",
        encoding="utf-8",
    )
    return folder


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_check_shows_frames_by_language_and_warns_of_one_that_is_never_labelled(project: Path) -> None:
    output = " ".join(run("check", project / "run.yaml").split())
    assert "Frames by language, train and dev" in output
    assert "(ru: tax)" in output
    notes = json.loads(run("check", project / "run.yaml", "--json"))["warnings"]
    assert sum("tax" in note and ("ru" in note or "'ru'" in note) for note in notes) == 1  # told once
    languages = json.loads(run("check", project / "run.yaml", "--json"))["languages"]
    assert languages["positives"]["tax"].keys() == {"en"}
    assert languages["positives"]["war"].keys() == {"en", "ru"}


def test_predict_marks_the_raw_share_of_a_frame_that_was_never_taught_in_a_language(project: Path) -> None:
    trained = run_training(load_run_config(project / "run.yaml"), NullTracker(), lambda *_: None)
    bundle, screen = trained.bundle, Console(width=200, record=True, file=io.StringIO())
    print_slices(screen, trained.slices)
    assert "language: ru" in screen.export_text()
    assert load_bundle(bundle).manifest["frame_languages"]["positives"]["tax"].keys() == {"en"}
    posts = [
        {
            "channel": "c",
            "id": n,
            "date": f"2024-01-{n % 28 + 1:02}",
            "text": f"{WAR['ru']} {TAX['ru']} {n * 17}.",
        }
        for n in range(30)
    ]
    (project / "posts.jsonl").write_text("\n".join(map(json.dumps, posts)), encoding="utf-8")
    output = " ".join(
        run("predict", project / "posts.jsonl", "--model", bundle, "-o", project / "out").split()
    )
    assert "30 posts are in a language in which training showed no text with some frames (ru: tax)" in output
    (row,) = (line for line in output.split("tax ")[1:2])
    assert "% *" in row[:40]
    drawn = project / "drawn.jsonl"
    run("sample", project / "out", "--unit", "post", "-n", "30", "-o", drawn)
    coded = [dict(record.cells) | {"labels": ["war"]} for record in read_records(drawn)]
    write_records(project / "coded.jsonl", coded, list(coded[0]))
    pages = [project / "raw.html", project / "corrected.html"]
    run("report", project / "out", "-o", pages[0], "--model", bundle)
    run("report", project / "out", "-o", pages[1], "--model", bundle, "--sample", project / "coded.jsonl")
    told = "showed no text with some frames (ru: tax)"
    assert [told in page.read_text(encoding="utf-8") for page in pages] == [
        True,
        False,
    ]  # the sample has none there
    drift = run("drift", project / "out", "--model", bundle, "--json")
    assert json.loads(drift)["untaught"] == {"tax": ["ru"]}
    assert "showed no text with some frames (ru: tax)" in " ".join(json.loads(drift)["warnings"])
