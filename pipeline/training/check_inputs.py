"""`frames check`: everything that can be wrong before training, found before training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pipeline.classifiers.build import find_transformer
from pipeline.classifiers.encoder.encoder_choice import choose_encoder, read_and_measure
from pipeline.classifiers.encoder.encoders import AUTO, find_encoder, is_here
from pipeline.config.run_config import RunConfig, load_run_config
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.labels.frame_languages import FrameLanguages, describe_untaught, main_languages
from pipeline.data.labels.splits import Folds
from pipeline.data.text.language import find_languages
from pipeline.errors import DataError, PipelineError
from pipeline.measures.enough_positives import describe_left_out, find_judged, names_of
from pipeline.training.fit_model import check_positives, find_codebook_texts, read_folds

T = TypeVar("T")
_MANY_ROWS = 50  # from which one would divide rows by where they are from


class UnfitFoldsError(DataError):
    """What would stop a training though the rows could be divided; with the folds, which may show why."""

    def __init__(self, message: str, folds: Folds) -> None:
        """Take the message and the folds."""
        super().__init__(message)
        self.folds = folds


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a training run would use, and what weakens it."""

    config: RunConfig
    codebook: Codebook
    folds: Folds
    warnings: tuple[str, ...]
    languages: FrameLanguages
    letters_per_token: dict[str, float]  # by language, where an encoder was looked at
    unjudged: tuple[str, ...]  # frames for which the test fold has too few positives to give a figure

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "config": self.config.model_dump(mode="json"),
            "codebook_hash": self.codebook.content_hash,
            "dataset_fingerprint": self.folds.fingerprint,
            "folds": self.folds.summary(),
            "unjudged_frames": list(self.unjudged),
            "languages": {**self.languages.to_json(), "letters_per_token": self.letters_per_token},
            "warnings": list(self.warnings),
        }


def check_run(path: Path, overrides: Sequence[str] = ()) -> CheckResult:
    """Read config, codebook and labels, divide the rows, and gather warnings.

    Raises:
        ConfigError: config or codebook do not fit.
        PipelineError: several of these, told together.
        UnfitFoldsError: a frame has too few positives, or another fault beside folds that could be made.
        DataError: labels cannot be used.
        ModelError: an encoder that cannot be used.
    """
    config = load_run_config(path, overrides)
    faults: list[PipelineError] = []
    codebook = _attempt(lambda: load_codebook(Path(config.data.codebook)), faults)
    folds = _attempt(lambda: read_folds(config, codebook), faults) if codebook else None
    frames = _attempt(lambda: check_positives(folds, config.decisions), faults) if folds else ()
    languages = FrameLanguages.of(folds.train, folds.dev) if folds else FrameLanguages({}, {})
    encoder = _attempt(lambda: _check_encoder(config, folds, main_languages(languages.rows)), faults)
    if folds is not None and any(isinstance(fault, DataError) for fault in faults):
        raise UnfitFoldsError("\n".join(map(str, faults)), folds)
    if len(faults) == 1:
        raise faults[0]
    if faults or codebook is None or folds is None:
        raise DataError("\n".join(map(str, faults)))
    letters, encoder_notes = encoder or ({}, ())
    unjudged = names_of(folds.train.frame_ids, ~find_judged(folds.test.indicator(), folds.clusters["test"]))
    warnings = (
        *codebook.warnings(),
        *folds.train.warnings,
        *folds.notes,
        *([f"in the test fold: {describe_left_out(unjudged)}"] if unjudged else []),
        *_warn_of_origins(folds),
        *(frames or ()),
        *find_codebook_texts(config, codebook, folds).notes,
        *encoder_notes,
        *_warn_of_untaught(languages),
    )
    return CheckResult(config, codebook, folds, tuple(dict.fromkeys(warnings)), languages, letters, unjudged)


def _attempt(part: Callable[[], T], faults: list[PipelineError]) -> T | None:
    """What a part of the check gives; its fault is kept, so that the other parts tell theirs too."""
    try:
        return part()
    except PipelineError as error:
        faults.append(error)
        return None


def _warn_of_origins(folds: Folds) -> tuple[str, ...]:
    """What many rows cannot be divided by, as no row says it. Rows with date and source may be whole posts."""
    tables = [folds.train.table, folds.dev.table, folds.test.table]
    n = sum(map(len, tables))
    missing = [name for name in ("date", "source", "group") if all(t[name].isna().all() for t in tables)]
    if n < _MANY_ROWS or missing in ([], ["group"]):
        return ()
    lost = {
        "date": "folds cannot go by time",
        "source": "no channel can be held out or judged by itself",
        "group": "sentences of one post may stand in two folds",
    }
    listed, what = " or a ".join(missing), ", ".join(lost[name] for name in missing)
    remedy = "Add the columns; of a sample, `frames label-import --sample FILE` fills them"
    return (f"none of the {n} rows has a {listed}: {what}. {remedy}",)


def _warn_of_untaught(languages: FrameLanguages) -> tuple[str, ...]:
    untaught = describe_untaught(languages.find_untaught(languages.rows))
    return tuple(
        f"frames without a label in a language that the rows have ({line}): the model will hardly find them there; "
        "label some, or read the frame's shares without that language"
        for line in untaught
    )


def _check_encoder(
    config: RunConfig, folds: Folds | None, langs: Sequence[str]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Letters a token in each language, and whether the encoder is there and knows the texts.

    An encoder that training would fetch is not looked at.
    """
    settings = find_transformer(config.model)
    if settings is None:
        return {}, ()
    if settings.allow_download and not is_here(settings.encoder):
        note = f"the encoder '{settings.encoder}' is no folder here: training asks the model hub for it"
        return {}, (note,)
    if folds is None:
        if settings.encoder != AUTO:
            find_encoder(settings.encoder)
        return {}, ()
    chosen = choose_encoder(settings.encoder, folds.train)
    encoder = find_encoder(chosen.name)
    table = folds.train.table
    found = find_languages(table["lang"], table["text"])
    texts = {lang: [t for t, own in zip(table["text"], found, strict=True) if own == lang] for lang in langs}
    fits = read_and_measure(encoder, {"": list(table["text"]), **texts})
    notes = (*chosen.notes, *fits.pop("").describe_misfit(encoder.name))
    return {lang: fit.letters_per_token for lang, fit in fits.items()}, notes
