"""Rows that were drawn to train never test a model, and rows drawn to estimate do."""

from pathlib import Path

import pandas as pd
import pytest
from builders import labelled, toy_rows

from pipeline.config.data import FoldSettings
from pipeline.data.codebooks.codebook import draft_codebook
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.data.labels.splits import Folds, make_folds, make_folds_from_files
from pipeline.errors import DataError

SETTINGS = FoldSettings(method="cluster")


def with_purposes(purposes: list[str | None], seed: int = 0) -> LabelledData:
    rows = toy_rows(len(purposes), seed=seed)
    texts = [f"{text} unlike {i} {seed}" for i, text in enumerate(rows.table["text"])]
    data = labelled(texts, rows.table["labels"])
    data.table["id"] = [f"{seed}-{i}" for i in range(len(data))]
    data.table["purpose"] = pd.Series(purposes, dtype=object)
    data.table["source"] = [f"channel {i % 4}" for i in range(len(data))]
    return data


def purposes_of(folds: Folds, name: str) -> set[str | None]:
    return set(getattr(folds, name).table["purpose"])


def test_rows_drawn_to_estimate_are_the_test_fold() -> None:
    data = with_purposes(["estimate"] * 30 + ["train"] * 40 + [None] * 30)
    folds = make_folds(data, SETTINGS)
    assert set(folds.test.table["id"]) == {f"0-{i}" for i in range(30)}
    assert "estimate" not in purposes_of(folds, "train") | purposes_of(folds, "dev")
    assert "the test fold is the 30 rows of purpose estimate" in folds.notes


def test_rows_drawn_to_train_never_test() -> None:
    folds = make_folds(with_purposes(["train"] * 40 + [None] * 60), SETTINGS)
    assert purposes_of(folds, "test") == {None}
    assert "40 rows have the purpose train: none of them is in test" in folds.notes
    assert len(folds.train) + len(folds.dev) + len(folds.test) + len(folds.purged) == 100


def test_rows_drawn_to_train_of_a_held_out_channel_are_in_no_fold() -> None:
    data = with_purposes(["train"] * 40 + [None] * 60)
    folds = make_folds(data, FoldSettings(method="cluster", hold_out_sources=("channel 1",)))
    held_out = {f"0-{i}" for i in range(40) if i % 4 == 1}
    assert held_out <= set(folds.purged)
    assert purposes_of(folds, "test") == {None}


def test_a_file_of_one_purpose_is_divided_or_refused() -> None:
    folds = make_folds(with_purposes(["estimate"] * 60), SETTINGS)
    assert any("before it had learnt from them" in note for note in folds.notes)
    with pytest.raises(DataError, match="none of them can test a model"):
        make_folds(with_purposes(["train"] * 60), SETTINGS)


def test_rows_drawn_to_test_are_in_the_test_fold_and_in_no_other() -> None:
    folds = make_folds(with_purposes(["test"] * 30 + ["estimate"] * 70), SETTINGS)
    assert set(folds.test.table["id"]) == {f"0-{i}" for i in range(30)}
    with pytest.raises(DataError, match="nothing can train a model"):
        make_folds(with_purposes(["test"] * 60), SETTINGS)
    with pytest.raises(DataError, match="40 rows have the purpose test"):
        make_folds_from_files(
            with_purposes(["test"] * 40), with_purposes(["test"] * 40, seed=1), None, SETTINGS
        )


def test_files_that_come_divided_are_held_to_it() -> None:
    chosen, drawn = with_purposes(["train"] * 40), with_purposes(["estimate"] * 40, seed=1)
    folds = make_folds_from_files(chosen, drawn, None, SETTINGS)
    assert purposes_of(folds, "test") == {"estimate"}
    with pytest.raises(DataError, match="40 rows have the purpose train"):
        make_folds_from_files(drawn, chosen, None, SETTINGS)


def test_the_column_is_read_checked_and_optional(tmp_path: Path) -> None:
    book = draft_codebook("Book", ["a"], mode="multi_label")
    path = tmp_path / "rows.csv"
    path.write_text("text,labels,purpose\none,a,train\ntwo,,\n", encoding="utf-8")
    assert list(read_labelled(path, book).table["purpose"]) == ["train", None]
    path.write_text("text,labels,purpose\none,a,\n", encoding="utf-8")
    assert "purpose" not in read_labelled(path, book).table
    path.write_text("text,labels,purpose\none,a,fun\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"line 2: field 'purpose': expected estimate or test or train or nothing, got 'fun'"
    ):
        read_labelled(path, book)
