"""A language model as one more coder: it reads the codebook and the unit, and nobody's codes.

Its rows have the origin "llm" and a reason each. Agreement shows it beside people; what its codes had a part in may be
trained on and never judged by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pipeline.annotation.coded_table import Coding
from pipeline.annotation.label_exchange import Imported
from pipeline.annotation.sample_files import DESIGN_COLUMNS, read_sample
from pipeline.classifiers.llm.language_model import CodedText, LanguageModel
from pipeline.classifiers.protocols import Progress
from pipeline.config.model import LlmSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.codebooks.codebook_texts import hide_known
from pipeline.data.labels.label_cells import LANGUAGE_MODEL
from pipeline.data.labels.labelled_rows import LabelledData, Reject
from pipeline.data.text.normalise_batches import normalise_texts
from pipeline.errors import ConfigError
from pipeline.files.safe_text import safe_text

_HALF: Final = 0.5
_LONGEST_REASON: Final = 1000  # characters


@dataclass(frozen=True, slots=True)
class ModelCodings:
    """What the model coded.

    Attributes:
        imported: its codings, and the units that it gave no usable answer to.
        annotator: its name in them.
        prompt_hash: SHA-256 (hex) of the prompt of the top level.
        served: model and fingerprint that the server named.
        figures: what it cost.
        notes: what a reader has to know.
    """

    imported: Imported
    annotator: str
    prompt_hash: str
    served: list[tuple[str, str]]
    figures: dict[str, float]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "coded": len(self.imported.codings),
            "rejects": len(self.imported.rejects),
            "annotator": self.annotator,
            "prompt_hash": self.prompt_hash,
            "served": self.served,
            "figures": self.figures,
            "notes": list(self.notes),
        }


def code_units(
    path: Path, config: RunConfig, progress: Progress, *, encoding: str | None = None
) -> ModelCodings:
    """Let the model of a config code the units of a file.

    A unit carries a frame to which the model gives a probability of one half or more, of a frame under another the
    product of both. Of a single-label codebook it carries the most probable frame.

    Args:
        path: a sample, or any file with the columns id and text.
        config: with `model.kind: llm`; its labelled rows are not read, and no examples are taken from them.
        progress: told how far it is.
        encoding: of a text file that is not UTF-8.

    Raises:
        ConfigError: another kind of model; texts would leave this machine without the user's word.
        DataError: units that cannot be used.
        ModelError: the server does not answer.
    """
    if not isinstance(config.model, LlmSettings):
        raise ConfigError(
            f"a unit is coded by a language model; the config's model.kind is {config.model.kind}"
        )
    book, units = load_codebook(Path(config.data.codebook)), read_sample(path, encoding)
    texts = [str(unit["text"]) for unit in units]
    model = LanguageModel(config.model, book.frame_ids, single_label=book.mode == "single_label")
    model.show_progress(progress)
    told = hide_known(book, [_as_rows(texts, book, path)], threshold=config.folds.copy_similarity)
    read = normalise_texts(texts) if config.data.normalise_text else texts
    coded = model.code(read, told, seed=config.seed)
    prompt_hash = model.prompts[0].digest
    annotator = f"{safe_text(config.model.model)} {prompt_hash[:8]}"
    figures, notes = model.account()
    return ModelCodings(
        _collect(path, units, coded, book, annotator), annotator, prompt_hash, model.served, figures, notes
    )


def _as_rows(texts: Sequence[str], book: Codebook, path: Path) -> LabelledData:
    """For the check that no example of the codebook is a unit to be coded."""
    return LabelledData(pd.DataFrame({"text": pd.Series(texts, dtype=object)}), book.frame_ids, path)


def _collect(
    path: Path,
    units: Sequence[dict[str, Any]],
    coded: Sequence[CodedText | None],
    book: Codebook,
    annotator: str,
) -> Imported:
    codings, rejects = [], []
    for number, (unit, answer) in enumerate(zip(units, coded, strict=True), 1):
        where = f"{path}, unit {number}"
        if answer is None:
            rejects.append(Reject(where, f"no usable answer of the model to unit '{unit['id']}'"))
            continue
        design = {name: unit[name] for name in (*DESIGN_COLUMNS, "lang") if unit.get(name) is not None}
        why = safe_text(answer.rationale)[:_LONGEST_REASON]
        extra = design | {"origin": LANGUAGE_MODEL, "rationale": why}
        labels = _choose(answer, book)
        codings.append(Coding(where, str(unit["id"]), str(unit["text"]), annotator, labels, extra=extra))
    return Imported(codings, rejects, ())


def _choose(answer: CodedText, book: Codebook) -> tuple[str, ...]:
    if book.mode == "single_label":
        return (book.frame_ids[int(answer.probabilities.argmax())],)
    pairs = zip(book.frame_ids, answer.probabilities, strict=True)
    return tuple(frame for frame, probability in pairs if probability >= _HALF)
