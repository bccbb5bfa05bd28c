"""What a model has learnt from, in whatever disguise, judges neither it nor another."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import FRAMES, codebook, quiet_context, toy_rows

from pipeline.bundle import ModelBundle
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.run_config import load_run_config
from pipeline.data.codebooks.codebook import Codebook, Frame, dump_codebook, load_codebook
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.data.labels.training_record import STEM, TrainingRecord
from pipeline.errors import DataError
from pipeline.evaluation.evaluate_bundle import compare_bundles, evaluate_bundle
from pipeline.evaluation.leakage import keep_unseen, text_digests
from pipeline.training.fit_model import fit_with_decisions, read_folds
from pipeline.training.sweep.judge import describe_task, without_test

SETTINGS = EvaluationSettings(bootstrap_samples=100)
LEARNT = (
    "The minister said on Monday that our country will never accept the terms of those who started this war"
)
NEW = [" ".join(f"{word}{letter}" for word in ("order", "river", "talks", "wheat")) for letter in "abcdefghi"]


def keep_record(bundle: ModelBundle, folder: Path, texts: list[str]) -> ModelBundle:
    """The bundle as if it had been trained on these texts."""
    folder.mkdir()
    np.savez(folder / "training_texts.npz", digests=text_digests(texts))
    probabilities = np.full((len(texts), len(bundle.frame_ids)), np.nan)
    np.savez(folder / f"{STEM}.npz", **TrainingRecord.of(texts, probabilities).to_arrays())  # type: ignore[arg-type]
    return replace(bundle, folder=folder)


def rows(folder: Path, texts: list[str], frames: Codebook) -> LabelledData:
    path = folder / "labelled.jsonl"
    path.write_text(
        "".join(json.dumps({"text": text, "labels": []}) + "\n" for text in texts), encoding="utf-8"
    )
    return read_labelled(path, frames)


@pytest.mark.parametrize(
    "copy", [LEARNT, LEARNT.upper() + "!", LEARNT.replace("Monday", "Tuesday"), LEARNT.replace("never ", "")]
)
def test_evaluation_warns_of_copies_of_training_texts(
    tiny_bundle: ModelBundle, tmp_path: Path, copy: str
) -> None:
    bundle = keep_record(tiny_bundle, tmp_path / "model", [LEARNT, "we harvest wheat by the river today"])
    report = evaluate_bundle(bundle, rows(tmp_path, [copy, *NEW], bundle.codebook), SETTINGS)
    assert report.warnings[0].startswith("1 of 10 texts stand in this model's own training data")
    report = evaluate_bundle(bundle, rows(tmp_path, NEW, bundle.codebook), SETTINGS)
    assert not any("training data" in warning for warning in report.warnings)


def test_a_comparison_is_made_on_rows_that_neither_model_has_learnt_from(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    one = keep_record(tiny_bundle, tmp_path / "one", [LEARNT])
    other = keep_record(tiny_bundle, tmp_path / "other", [NEW[0]])
    data = rows(tmp_path, [LEARNT.replace("Monday", "Friday"), *NEW], one.codebook)
    kept, notes = keep_unseen(data, (one, other))
    assert list(kept.table["text"]) == NEW[1:]
    assert notes == ["2 of 10 texts were left out: one of the two models has learnt from them"]
    with pytest.raises(DataError, match="give labelled texts that neither has seen"):
        compare_bundles(one, other, SETTINGS, data=rows(tmp_path, [LEARNT, NEW[0]], one.codebook))


def test_trials_of_a_sweep_do_not_learn_test_sentences_from_the_codebook(tmp_path: Path) -> None:
    example = "our harvest was carried away by those who came with promises of order"
    texts = [*toy_rows(60).table["text"], example.upper()]
    labels = [*toy_rows(60).table["labels"], (FRAMES[0],)]
    for name, chosen in (("train", range(60)), ("test", range(50, 61))):
        lines = [{"text": f"{texts[i]} {name}", "labels": list(labels[i])} for i in chosen]
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
        )
    first, *others = codebook().frames
    taught = codebook().model_copy(
        update={"frames": (Frame(**{**first.model_dump(), "examples": (example,)}), *others)}
    )
    (tmp_path / "codebook.yaml").write_text(dump_codebook(taught), encoding="utf-8")
    raw = {
        "name": "trial",
        "data": {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "test")}
        | {"codebook": str(tmp_path / "codebook.yaml")},
        "model": {"kind": "tfidf", "min_df": 1, "c_grid": [1.0], "char_ngrams": None, "inner_folds": 2},
        "sweep": {"space": {"model.min_df": {"low": 1, "high": 2}}},
    }
    (tmp_path / "run.yaml").write_text(json.dumps(raw), encoding="utf-8")
    config, book = load_run_config(tmp_path / "run.yaml"), load_codebook(tmp_path / "codebook.yaml")
    folds = read_folds(config, book)
    known = without_test(folds)
    context = quiet_context(tmp_path / "work")

    def learnt(hidden: LabelledData | None) -> list[str]:
        texts = fit_with_decisions(config, book, known, context, hidden=hidden)[2].codebook_texts
        return [] if texts is None else list(texts.table["text"])

    assert example in learnt(None)
    assert example not in learnt(folds.test)
    other_test = folds.test.subset(np.arange(5))
    assert describe_task(config, book, known, folds.test) != describe_task(config, book, known, other_test)
