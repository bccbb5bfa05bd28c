"""Sets of labelled texts in a folder, and what every method of the benchmark is given of each."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.codebooks.codebook import Codebook, draft_codebook, dump_codebook
from pipeline.data.labels.labelled_rows import draft_labels, read_labelled
from pipeline.errors import DataError

TRAIN, TEST = "train.jsonl", "test.jsonl"


@dataclass(frozen=True, slots=True)
class PreparedSet:
    """Files that all methods read: the same rows and the same columns for each.

    Attributes:
        name: of the set's folder.
        codebook: file with the drafted codebook.
        train: labelled file to learn from.
        test: labelled file to be measured on.
        single_label: every text of train carries exactly one label.
    """

    name: str
    codebook: Path
    train: Path
    test: Path
    single_label: bool


def find_sets(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Folders of the sets, in alphabetical order, or those that `names` asks for in that order.

    Raises:
        DataError: a name that is not there, or no set at all.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one that holds SET/{TRAIN} and SET/{TEST}")
    found = {
        path.name: path
        for path in sorted(folder.iterdir())
        if (path / TRAIN).is_file() and (path / TEST).is_file()
    }
    if not found:
        raise DataError(f"{folder}: no set here; expected sub-folders that hold {TRAIN} and {TEST}")
    if unknown := [name for name in names if name not in found]:
        raise DataError(f"{folder}: no set named {', '.join(unknown)}; there are: {', '.join(found)}")
    return [found[name] for name in (names or found)]


def prepare_set(source: Path, destination: Path, *, limit: int | None, seed: int) -> PreparedSet:
    """Draft a codebook from the labels of train and, if asked, draw a subset of the rows.

    The codebook always covers the labels of the whole train file, so that a small draw changes the rows and
    not the task.

    Args:
        source: folder of the set.
        destination: where the codebook and drawn rows are written; created.
        limit: at most so many rows of train and of test; None for all.
        seed: of the drawing.

    Raises:
        DataError: labels that cannot be read.
    """
    destination.mkdir(parents=True, exist_ok=True)
    codebook = draft_set_codebook(source)
    path = destination / "codebook.yaml"
    path.write_text(dump_codebook(codebook), encoding="utf-8")
    train, test = source / TRAIN, source / TEST
    if limit is not None:
        train, test = (_draw_rows(file, destination / file.name, limit, seed) for file in (train, test))
    return PreparedSet(source.name, path, train, test, codebook.mode == "single_label")


def draft_set_codebook(source: Path) -> Codebook:
    """A codebook of the labels of train; single-label where each of its rows has exactly one."""
    labels = draft_labels(source / TRAIN)
    several = draft_codebook(source.name, labels, mode="multi_label")
    rows = read_labelled(source / TRAIN, several)
    if any(len(carried) != 1 for carried in rows.table["labels"]):
        return several
    return draft_codebook(source.name, labels, mode="single_label")


def _draw_rows(source: Path, destination: Path, limit: int, seed: int) -> Path:
    """A random subset of the lines, in the order of the file."""
    lines = [line for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
    chosen = sorted(random.Random(seed).sample(range(len(lines)), min(limit, len(lines))))  # noqa: S311 - a sample, no secret
    destination.write_text("".join(lines[i] + "\n" for i in chosen), encoding="utf-8")
    return destination
