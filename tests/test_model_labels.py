"""Rows that a language model labelled may train and judge nothing: not test, calibration, thresholds or shares."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import quiet_context
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from weather_project import FRAMES, make_rows, write_files, write_lines

from pipeline.cli import app
from pipeline.config.data import FoldSettings
from pipeline.config.run_config import load_run_config
from pipeline.data.codebooks.codebook import Codebook, draft_codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.data.labels.splits import NAMES, make_folds, make_folds_from_files
from pipeline.errors import DataError
from pipeline.training.fit_model import fit_with_decisions, read_folds
from pipeline.training.teacher_rows import leave_out_doubted

BOOK = draft_codebook("weather", FRAMES, mode="multi_label")


def by_model(rows: list[dict[str, Any]], origin: str = "llm") -> list[dict[str, Any]]:
    return [row | {"id": f"m-{row['id']}", "group": None, "origin": origin} for row in rows]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    write_lines(path, rows)
    return path


def read(path: Path) -> Any:
    return read_labelled(path, BOOK, by_models_too=True)


@given(st.integers(0, 10_000), st.sampled_from(["llm", "LLM", " Llm "]), st.sampled_from(["cluster", "time"]))
@settings(deadline=None, max_examples=15)
def test_no_fold_holds_a_row_of_a_model_and_no_copy_of_a_person_s_row_is_learnt(
    tmp_path_factory: pytest.TempPathFactory, seed: int, origin: str, method: Any
) -> None:
    """Copies of people's rows, under other ids and other labels, stand among the model's."""
    people = make_rows(seed, 60)
    for i, row in enumerate(people):
        row["date"] = f"2024-{1 + i % 12:02}-03"
    copies = [row | {"text": f"  {row['text'].upper()}!", "labels": []} for row in people[::4]]
    rows = [*by_model(make_rows(seed + 20_000, 25), origin), *people, *by_model(copies, origin)]
    path = write(tmp_path_factory.mktemp("rows") / "final_human_gold.jsonl", rows)
    folds = make_folds(read(path), FoldSettings(method=method, test_share=0.3))
    inside = {row_id for name in NAMES for row_id in getattr(folds, name).table["id"]}
    assert inside | set(folds.purged) == {row["id"] for row in people}
    assert folds.taught is not None
    assert set(folds.taught.table["id"]) == {row["id"] for row in rows[:25]}
    assert any("labelled 40 rows (origin llm): 25 are learnt from" in note for note in folds.notes)
    assert any("15 are copies" in note for note in folds.notes)
    without = make_folds(
        read(write(path.parent / "people.jsonl", people)), FoldSettings(method=method, test_share=0.3)
    )
    assert [getattr(without, name).fingerprint for name in NAMES] == [
        getattr(folds, name).fingerprint for name in NAMES
    ]
    assert without.fingerprint != folds.fingerprint


def test_files_that_judge_are_refused_whatever_they_are_called(tmp_path: Path) -> None:
    people = read(write(tmp_path / "people.jsonl", make_rows(0, 40)))
    other = read(write(tmp_path / "more.jsonl", make_rows(500, 40)))
    mixed = read(write(tmp_path / "gold.jsonl", [*make_rows(900, 9), *by_model(make_rows(1000, 3))]))
    with pytest.raises(DataError, match=r"labelled 3 of its 12 rows .* no place in test"):
        make_folds_from_files(people, mixed, None, FoldSettings())
    with pytest.raises(DataError, match="no place in dev"):
        make_folds_from_files(people, other, mixed, FoldSettings())
    folds = make_folds_from_files(mixed, people, other, FoldSettings())
    assert folds.taught is not None
    assert len(folds.taught) == 3
    with pytest.raises(DataError, match=r"gold\.jsonl, line 10: a language model labelled .* and 3 of 12"):
        read_labelled(tmp_path / "gold.jsonl", BOOK)
    alone = read(write(tmp_path / "alone.jsonl", by_model(make_rows(0, 9))))
    with pytest.raises(DataError, match="labelled all 9 rows"):
        make_folds(alone, FoldSettings())


def test_what_only_a_model_labelled_is_learnt_and_decisions_rest_on_people_alone(tmp_path: Path) -> None:
    """Half of what carries "storm" says "tempest", which only the model's rows tell."""
    frames = [{"id": f, "name": f, "definition": f"Speaks of {f}."} for f in FRAMES]
    book = Codebook.model_validate({"name": "weather", "frames": frames})
    rows = make_rows(0, 120)
    taught = by_model(
        [row | {"text": row["text"].replace("storm", "tempest")} for row in make_rows(5000, 120)]
    )
    config = load_run_config(write_files(tmp_path, book, [*rows, *taught], folds={"method": "cluster"}))
    folds = read_folds(config, book)
    models = {}
    for name, used in (("taught", folds), ("people alone", replace(folds, taught=None))):
        classifier, _, summary = fit_with_decisions(config, book, used, quiet_context(tmp_path))
        assert summary.decided_on is not None
        assert len(summary.decided_on) == len(folds.train) + len(folds.dev)
        models[name] = float(classifier.predict_proba(["word1 word2 tempest word3"])[0, 0])
    assert models["taught"] > 0.5 > models["people alone"]
    told = CliRunner().invoke(app, ["check", str(tmp_path / "run.yaml")])
    assert told.exit_code == 0, told.output
    assert "a language model labelled 120 rows" in " ".join(told.output.split())
    assert np.isfinite(list(models.values())).all()


def test_a_teacher_s_file_is_a_language_model_s_whatever_stands_in_it(tmp_path: Path) -> None:
    book = Codebook.model_validate(
        {"name": "weather", "frames": [{"id": f, "name": f, "definition": f"Speaks of {f}."} for f in FRAMES]}
    )
    people, coded = make_rows(0, 80), make_rows(5000, 40)
    coded += [
        row | {"text": row["text"] + "!"} for row in people[:7]
    ]  # copies: their ids may be the people's
    write_lines(tmp_path / "by_model.jsonl", coded)
    data = {"codebook": "codebook.yaml", "labelled": "labelled.jsonl", "teacher": "by_model.jsonl"}
    config = load_run_config(write_files(tmp_path, book, people, data=data, folds={"method": "cluster"}))
    folds = read_folds(config, book)
    inside = {row_id for name in NAMES for row_id in getattr(folds, name).table["id"]}
    assert inside == {row["id"] for row in people}
    assert folds.taught is not None
    assert len(folds.taught) == 40


def test_rows_that_people_s_rows_contradict_flatly_are_left_out_and_counted(tmp_path: Path) -> None:
    """Of 60 rows of the teacher, ten deny the storm that they speak of."""
    book = Codebook.model_validate(
        {"name": "weather", "frames": [{"id": f, "name": f, "definition": f"Speaks of {f}."} for f in FRAMES]}
    )
    coded = make_rows(5000, 60)
    wrong = [row for row in coded if "storm" in row["labels"]][:10]
    for row in wrong:
        row["labels"] = [label for label in row["labels"] if label != "storm"]
    write_lines(tmp_path / "by_model.jsonl", coded)
    data = {"codebook": "codebook.yaml", "labelled": "labelled.jsonl", "teacher": "by_model.jsonl"}
    data["teacher_doubt"] = 0.2
    config = load_run_config(
        write_files(tmp_path, book, make_rows(0, 300), data=data, folds={"method": "cluster"})
    )
    folds = read_folds(config, book)
    kept, notes = leave_out_doubted(config, book, folds, quiet_context(tmp_path))
    assert kept.taught is not None
    left = set(kept.taught.table["text"])
    assert not left & {row["text"] for row in wrong}
    assert len(left) >= 45
    assert f"to a decision in {60 - len(left)} of the 60 rows" in notes[0]
    _, _, summary = fit_with_decisions(config, book, folds, quiet_context(tmp_path))
    assert notes[0] in summary.notes


def test_the_teacher_s_curve_says_what_its_rows_bought(tmp_path: Path) -> None:
    """Storms of the test fold are called tempests, a word that only the teacher's rows have."""
    book = Codebook.model_validate(
        {"name": "weather", "frames": [{"id": f, "name": f, "definition": f"Speaks of {f}."} for f in FRAMES]}
    )
    people = make_rows(0, 120, wrong=0.05)
    for row in people[60:]:
        row |= {"text": row["text"].replace("storm", "tempest"), "purpose": "estimate"}
    coded = [row | {"text": row["text"].replace("storm", "tempest")} for row in make_rows(5000, 100)]
    write_lines(tmp_path / "by_model.jsonl", coded)
    data = {"codebook": "codebook.yaml", "labelled": "labelled.jsonl", "teacher": "by_model.jsonl"}
    data["learn_from_codebook"] = False
    tracking = {"uri": f"sqlite:///{tmp_path}/mlflow.db"}
    config = write_files(tmp_path, book, people, data=data, tracking=tracking)
    arguments = ["learning-curve", str(config), "--teacher", "--sizes", "50,400", "--repeats", "2"]
    made = CliRunner().invoke(
        app, [*arguments, "--teacher-cost", "4", "-o", str(tmp_path / "curve"), "--json"]
    )
    assert made.exit_code == 0, made.output
    curve = json.loads(made.stdout)
    assert [(entry["size"], entry["draws"]) for entry in curve["sizes"]] == [(0, 1), (50, 2), (100, 1)]
    assert curve["people_rows"] == 60
    assert curve["gain"]["low"] > 0
    last = curve["sizes"][-1]
    assert last["gain_per_hundred"] == pytest.approx(curve["gain"]["value"])
    assert last["gain_per_money"] == pytest.approx(curve["gain"]["value"] / 4)
    assert (tmp_path / "curve" / "teacher_curve.csv").is_file()
    shown = CliRunner().invoke(app, arguments)
    assert "all 100 rows changed macro-F1 by +" in " ".join(shown.output.split())
    without = CliRunner().invoke(app, [*arguments, "--set", "data.teacher=null"])
    assert "name a file of them as data.teacher" in " ".join(without.output.split())
