"""Labels that a model which has not seen them finds hard to believe: a list to look at again, never a correction.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels"),
by cleanlab, on out-of-fold probabilities of the TF-IDF baseline: each frame against its absence, or, single-label, all
frames against one another. A text is suspect for a frame if its probability for the other answer reaches the mean
that texts with that answer have.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.annotation.record_files import write_records
from pipeline.classifiers.protocols import FitContext, Progress
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.config.data import COPY_SIMILARITY
from pipeline.config.model import BlendSettings, TfidfSettings
from pipeline.config.run_config import RunConfig, load_run_config
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.labels.labelled_rows import LabelledData, read_labelled
from pipeline.data.labels.purposes import labelled_by_model
from pipeline.data.labels.splits import cluster_rows
from pipeline.errors import ConfigError, DataError, MissingExtraError, shorten
from pipeline.measures.calibration import fit_calibrator

COLUMNS: Final = ("id", "where", "text", "frame", "coded", "probability", "more_probable", "labels")
FEWEST: Final = 5  # texts with and without a frame from which its labels are judged
SHRINKAGE: Final = 20.0  # of calibration, as in training


@dataclass(frozen=True, slots=True)
class Suspect:
    """One label to look at again.

    Attributes:
        id: of the text; where: file and line that it was read from; "" for rows of no file.
        text: the text.
        frame: whose label is in doubt.
        coded: whether the coders gave the frame.
        probability: that the text carries the frame, calibrated, by a model that has not seen the text.
        more_probable: single-label: the frame of largest probability; else None.
        labels: all frames that the coders gave.
    """

    id: str
    where: str
    text: str
    frame: str
    coded: Literal["given", "not given"]
    probability: float
    more_probable: str | None
    labels: tuple[str, ...]

    @property
    def belief(self) -> float:
        """Probability of the label as it was coded."""
        return self.probability if self.coded == "given" else 1 - self.probability

    def to_row(self) -> dict[str, Any]:
        """By COLUMNS."""
        row = {name: getattr(self, name) for name in COLUMNS}
        return {**row, "labels": list(self.labels), "probability": round(self.probability, 4)}


@dataclass(frozen=True, slots=True)
class LabelledSource:
    """Labelled texts and how they are read: codebook, baseline, folds."""

    data: LabelledData
    codebook: Codebook
    baseline: TfidfSettings
    copy_similarity: float = COPY_SIMILARITY
    seed: int = 42


def open_source(
    source: Path, codebook: Path | None, columns: Mapping[str, str], encoding: str | None = None
) -> LabelledSource:
    """The labelled rows of a config's run, test rows included, or those of a labelled file.

    Args:
        source: a config (.yaml) or a labelled file.
        codebook: of a labelled file.
        columns: of a labelled file: our column names -> the file's.
        encoding: of a labelled file that is not UTF-8.

    Raises:
        ConfigError: a labelled file without codebook, or a config with one.
        DataError: labels cannot be used, or an id stands in two files of a run.
    """
    if source.suffix.lower() not in {".yaml", ".yml"}:
        if codebook is None:
            raise ConfigError(
                f"{source}: a labelled file needs --codebook FILE; a config (.yaml) names its own"
            )
        book = load_codebook(codebook)
        return LabelledSource(read_labelled(source, book, columns, encoding), book, TfidfSettings())
    if codebook is not None or columns or encoding:
        raise ConfigError(
            f"{source}: a config names its own codebook, columns and encoding; leave the options out"
        )
    config = load_run_config(source)
    book = load_codebook(Path(config.data.codebook))
    return LabelledSource(
        _read_all_rows(config, book),
        book,
        _baseline_of(config),
        config.folds.copy_similarity,
        config.folds.seed,
    )


def find_suspects(source: LabelledSource, progress: Progress) -> tuple[list[Suspect], list[str]]:
    """Suspected label errors, the least believed first, and notes.

    Raises:
        DataError: all texts are copies of one another.
        MissingExtraError: cleanlab is not installed.
    """
    filter_labels, data = _load_filter(), source.data
    single_label = source.codebook.mode == "single_label"
    raw, truth = _out_of_fold(source, progress), data.indicator()
    calibrated = fit_calibrator(raw, truth, single_label=single_label, shrinkage=SHRINKAGE)(raw)
    counts = truth.sum(axis=0)
    enough = (counts >= FEWEST) & (len(truth) - counts >= FEWEST)
    judge = _judge_rows if single_label else _judge_frames
    doubted = judge(filter_labels, truth, calibrated, enough)
    suspects = _describe(data, truth, calibrated, doubted, single_label=single_label)
    few = [frame for frame, is_enough in zip(data.frame_ids, enough, strict=True) if not is_enough]
    notes = [
        "a list to look at again, blind if possible: hard texts and rare wordings are on it as well as errors"
    ]
    if few:
        notes.append(f"not judged, with fewer than {FEWEST} texts with or without them: {', '.join(few)}")
    return suspects, notes


def write_suspects(path: Path, suspects: Sequence[Suspect]) -> None:
    """Write the list as CSV, JSON lines, Parquet or XLSX."""
    write_records(path, [suspect.to_row() for suspect in suspects], COLUMNS)


def _read_all_rows(config: RunConfig, codebook: Codebook) -> LabelledData:
    data = config.data
    paths = [path for path in (data.labelled, data.train, data.dev, data.test) if path]
    parts = [
        read_labelled(Path(path), codebook, data.columns, data.encoding, by_models_too=True) for path in paths
    ]
    parts = [part.subset(np.flatnonzero(~labelled_by_model(part))) for part in parts]
    table = pd.concat([part.table for part in parts], ignore_index=True)
    if table["id"].duplicated().any():
        repeated = table["id"][table["id"].duplicated()].iloc[0]
        raise DataError(
            f"the id '{shorten(repeated, 80)}' stands in two files of the run; ids must tell rows apart"
        )
    return LabelledData(table, parts[0].frame_ids, parts[0].path)


def _baseline_of(config: RunConfig) -> TfidfSettings:
    if isinstance(config.model, TfidfSettings):
        return config.model
    return config.model.tfidf if isinstance(config.model, BlendSettings) else TfidfSettings()


def _out_of_fold(source: LabelledSource, progress: Progress) -> NDArray[np.float32]:
    """Probabilities (n, k) by baselines that have not seen the row or a copy of it; C is chosen on all rows."""
    data = source.data
    clusters = cluster_rows(data, threshold=source.copy_similarity)
    single_label = source.codebook.mode == "single_label"
    classifier = TfidfBaseline(source.baseline, data.frame_ids, single_label=single_label)
    with tempfile.TemporaryDirectory(prefix="frames-") as folder:
        context = FitContext(source.seed, Path(folder), lambda _name, _value, _step: None, progress)
        made = classifier.fit(data, None, clusters, context).out_of_fold
    if made is None:
        raise DataError(f"{data.path}: all texts are copies of one another")
    return made


def _judge_frames(
    filter_labels: Any, truth: NDArray[np.int8], calibrated: NDArray[Any], enough: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Doubted labels, shape (n, k): each frame is a question of its own."""
    doubted = np.zeros(truth.shape, bool)
    for k in np.flatnonzero(enough):
        both = np.column_stack([1 - calibrated[:, k], calibrated[:, k]])
        doubted[:, k] = _filter(filter_labels, truth[:, k], both)
    return doubted


def _judge_rows(
    filter_labels: Any, truth: NDArray[np.int8], calibrated: NDArray[Any], enough: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Doubted labels, shape (n, k), in the column of the frame that was given; one question for each text."""
    columns = np.flatnonzero(enough)
    doubted = np.zeros(truth.shape, bool)
    rows = np.flatnonzero(truth[:, columns].any(axis=1))
    if len(columns) < 2 or not len(rows):  # noqa: PLR2004 - one frame has no rival
        return doubted
    kept = calibrated[np.ix_(rows, columns)]
    given = truth[np.ix_(rows, columns)].argmax(axis=1)
    found = _filter(filter_labels, given, kept / kept.sum(axis=1, keepdims=True))
    doubted[rows[found], columns[given[found]]] = True
    return doubted


def _filter(filter_labels: Any, labels: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[np.bool_]:
    found = filter_labels(
        labels.astype(int), probabilities.astype(float), filter_by="confident_learning", n_jobs=1
    )
    return np.asarray(found, bool)


def _describe(
    data: LabelledData,
    truth: NDArray[np.int8],
    calibrated: NDArray[Any],
    doubted: NDArray[np.bool_],
    *,
    single_label: bool,
) -> list[Suspect]:
    table = data.table
    suspects = [
        Suspect(
            id=table["id"].iloc[i],
            where=table["where"].iloc[i] if "where" in table else "",
            text=table["text"].iloc[i],
            frame=data.frame_ids[k],
            coded="given" if truth[i, k] else "not given",
            probability=float(calibrated[i, k]),
            more_probable=data.frame_ids[int(calibrated[i].argmax())] if single_label else None,
            labels=table["labels"].iloc[i],
        )
        for i, k in zip(*np.nonzero(doubted), strict=True)
    ]
    return sorted(suspects, key=lambda suspect: (suspect.belief, suspect.id, suspect.frame))


def _load_filter() -> Any:
    try:
        from cleanlab.filter import find_label_issues  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingExtraError("cleanlab", "cleanlab") from None
    return find_label_issues
