"""Flipped labels are found, right ones mostly left alone; without cleanlab the extra is named."""

import json
from pathlib import Path

import numpy as np
import pytest
from builders import FRAMES, codebook, toy_rows
from typer.testing import CliRunner

from pipeline.annotation.suspects import COLUMNS, LabelledSource, find_suspects, open_source
from pipeline.cli import app
from pipeline.config.model import TfidfSettings
from pipeline.data.codebooks.codebook import dump_codebook
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.tables.table_files import read_records
from pipeline.errors import ConfigError, MissingExtraError

SETTINGS = TfidfSettings(c_grid=(10.0,), char_ngrams=None, min_df=1)


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def flip(data: LabelledData, rows: list[int], frame: str) -> None:
    for i in rows:
        labels = set(data.table["labels"].iloc[i]) ^ {frame}
        data.table["labels"] = [
            tuple(f for f in FRAMES if f in labels) if n == i else given
            for n, given in enumerate(data.table["labels"])
        ]


def with_words(data: LabelledData) -> LabelledData:
    """Words of their own, so that no two rows are near-duplicates."""
    data.table["text"] = [f"{text} w{i}a w{i}b w{i}c w{i}d" for i, text in enumerate(data.table["text"])]
    return data


def test_flipped_labels_are_found() -> None:
    data = with_words(toy_rows(300))
    flipped = list(range(5, 300, 25))
    flip(data, flipped, "threat")
    found, notes = find_suspects(LabelledSource(data, codebook(), SETTINGS), quiet)
    of_threat = [suspect.id for suspect in found if suspect.frame == "threat"]
    right = {f"row-{i}" for i in flipped}
    assert len(right & set(of_threat)) >= 8  # of twelve: a text must reach the mean of its kind
    assert set(of_threat[:6]) <= right
    assert len(found) < 30
    assert [suspect.belief for suspect in found] == sorted(suspect.belief for suspect in found)
    for suspect in found[:6]:
        assert (suspect.coded == "given") == (suspect.frame in suspect.labels)
    assert any("look at again" in note for note in notes)


def test_single_label_suspects_name_the_more_probable_frame() -> None:
    data = with_words(toy_rows(150, single_label=True))
    for row in range(0, 150, 15):  # their words are those of order
        flip(data, [row], "order")
        flip(data, [row], "threat")
    found, _ = find_suspects(LabelledSource(data, codebook(mode="single_label"), SETTINGS), quiet)
    assert len({suspect.id for suspect in found} & {f"row-{i}" for i in range(0, 150, 15)}) >= 5
    assert (found[0].frame, found[0].coded, found[0].more_probable) == ("threat", "given", "order")
    assert found[0].probability < 0.3


def test_rare_frames_are_not_judged_and_named() -> None:
    data = with_words(toy_rows(100))
    rare = "threat"
    kept = np.flatnonzero([rare in labels for labels in data.table["labels"]])[3:]
    flip(data, list(map(int, kept)), rare)
    found, notes = find_suspects(LabelledSource(data, codebook(), SETTINGS), quiet)
    assert not [suspect for suspect in found if suspect.frame == rare]
    assert any(note.endswith("with or without them: threat") for note in notes)


def test_without_cleanlab_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cleanlab.filter", None)
    with pytest.raises(MissingExtraError, match=r"narrative-frames\[cleanlab\]"):
        find_suspects(LabelledSource(toy_rows(30), codebook(), SETTINGS), quiet)


def test_a_labelled_file_needs_a_codebook(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs --codebook"):
        open_source(tmp_path / "labelled.jsonl", None, {})


def test_the_command_reads_a_config_or_a_labelled_file(tmp_path: Path) -> None:
    data = with_words(toy_rows(120))
    flip(data, list(range(7, 120, 11)), "order")
    rows = zip(data.table["id"], data.table["text"], data.table["labels"], strict=True)
    lines = [json.dumps({"id": i, "text": text, "labels": labels}) for i, text, labels in rows]
    (tmp_path / "labelled.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "codebook.yaml").write_text(dump_codebook(codebook()), encoding="utf-8")
    config = "name: run\ndata: {codebook: codebook.yaml, labelled: labelled.jsonl}\n"
    config += "model: {kind: tfidf, c_grid: [10.0]}\n"
    (tmp_path / "run.yaml").write_text(config, encoding="utf-8")
    output = tmp_path / "suspects.csv"
    done = CliRunner().invoke(app, ["suspects", str(tmp_path / "run.yaml"), "-o", str(output), "--json"])
    assert done.exit_code == 0, done.output
    listed = json.loads(done.stdout)["suspects"]
    assert "order" in {row["frame"] for row in listed}
    written = read_records(output)
    assert len(written) == len(listed)
    assert tuple(written[0].cells) == COLUMNS
    file = [str(tmp_path / "labelled.jsonl"), "--codebook", str(tmp_path / "codebook.yaml")]
    shown = CliRunner().invoke(app, ["suspects", *file])
    assert shown.exit_code == 0, shown.output
    assert "labels are suspect" in shown.output
    place = listed[0]["where"]
    assert json.loads(lines[int(place.rpartition(" ")[2]) - 1])["id"] == listed[0]["id"]
    assert place.rpartition("/")[2] in shown.output
