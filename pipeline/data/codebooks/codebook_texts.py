"""What the codebook itself teaches: its definitions, inclusion rules and examples, as texts that carry their frame.

They are learnt from and never judged by: no figure, threshold or calibration rests on them. An example is often a
sentence of the data, so whatever is a copy or a part of a labelled row, or holds one, is left out, lest the test fold
be known.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data.codebooks.codebook import Codebook, Frame, is_placeholder
from pipeline.data.copies.near_duplicates import find_copied
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.language import LANGUAGES, UNDETERMINED, find_languages
from pipeline.data.text.text_words import count_words, find_words
from pipeline.errors import DataError, shorten

_ROWS_ASKED = 300  # for their language
_FEWEST_WORDS = 4  # a shorter text inside a longer one is a turn of phrase, of definitions too


@dataclass(frozen=True, slots=True)
class CodebookTexts:
    """Texts to learn from.

    Attributes:
        rows: columns text and labels; none where the codebook has nothing to teach.
        notes: for the reader of results.
    """

    rows: LabelledData
    notes: tuple[str, ...]


def texts_of_frame(frame: Frame) -> tuple[str, ...]:
    """Definition, inclusion rules and examples, without placeholders. What a frame excludes is no text of it."""
    texts = (frame.definition, *frame.include, *frame.examples)
    return tuple(text for text in texts if not is_placeholder(text))


def no_codebook_texts(codebook: Codebook, path: Path, *notes: str) -> CodebookTexts:
    """Nothing to learn from the codebook."""
    return CodebookTexts(_to_rows(codebook, {}, path), notes)


def read_codebook_texts(
    codebook: Codebook, labelled: list[LabelledData], *, path: Path, threshold: float
) -> CodebookTexts:
    """The texts of a codebook that no labelled row holds.

    Args:
        codebook: its texts carry the frame that they stand under; a text under several frames carries all of them,
            or in single-label mode is left out.
        labelled: the first are the training rows; all others may not become known.
        path: of the codebook.
        threshold: similarity from which two texts are copies, see `find_copied`.
    """
    frames_of: dict[str, set[str]] = {}
    for frame in codebook.frames:
        for text in texts_of_frame(frame):
            frames_of.setdefault(text, set()).add(frame.id)
    if other := _other_language(codebook, labelled[0]):
        return no_codebook_texts(codebook, path, *([other] if frames_of else []))
    if codebook.mode == "single_label":
        frames_of = {text: ids for text, ids in frames_of.items() if len(ids) == 1}
    known = _find_known(
        list(frames_of), [text for rows in labelled for text in rows.table["text"]], threshold
    )
    kept = {text: ids for text, ids in frames_of.items() if text not in known}
    notes = []
    if kept:
        notes.append(
            f"{len(kept)} texts of the codebook (definitions, inclusion rules, examples) are learnt from"
        )
    if known:
        notes.append(f"{len(known)} texts of the codebook stand in labelled rows and are not learnt from")
    return CodebookTexts(_to_rows(codebook, kept, path), tuple(notes))


def hide_known(codebook: Codebook, labelled: list[LabelledData], *, threshold: float) -> Codebook:
    """The codebook for a classifier that is told it in words: without what a labelled row holds.

    Rules and examples go that are a copy of a row or hold one; examples also where they are part of one.

    Args:
        codebook: as its authors wrote it.
        labelled: rows that may not become known.
        threshold: similarity from which two texts are copies.

    Raises:
        DataError: a definition is a copy of a labelled row or holds one; it cannot be left out.
    """
    rows = [text for part in labelled for text in part.table["text"]]
    rules = {text for frame in codebook.frames for text in (frame.definition, *frame.include, *frame.exclude)}
    examples = {text for frame in codebook.frames for text in frame.examples}
    known_rules = _find_known(sorted(rules), rows, threshold, parts_too=False)
    known = {
        "include": known_rules,
        "exclude": known_rules,
        "examples": _find_known(sorted(examples), rows, threshold),
    }
    if told := [frame.id for frame in codebook.frames if frame.definition in known_rules]:
        raise DataError(
            f"the definition of '{shorten(told[0])}' holds a labelled sentence, which would stand in the prompt "
            "while it is asked about: change the definition"
        )

    frames = tuple(
        frame.model_copy(
            update={
                name: tuple(text for text in getattr(frame, name) if text not in of_rows)
                for name, of_rows in known.items()
            }
        )
        for frame in codebook.frames
    )
    return codebook.model_copy(update={"frames": frames})


def _other_language(codebook: Codebook, train: LabelledData) -> str:
    """A note where the codebook states a language that is not that of most rows."""
    mine = _main_code(codebook.language or "")
    if mine not in LANGUAGES:
        return ""
    asked = train.table.iloc[:: -(-len(train) // _ROWS_ASKED) or 1]
    found = Counter(find_languages(asked["lang"], asked["text"]))
    found.pop(UNDETERMINED, None)
    theirs = _main_code(found.most_common(1)[0][0]) if found else mine
    if mine == theirs:
        return ""
    return f"the codebook is written in '{mine}' and most rows in '{theirs}': its texts are not learnt from"


def _main_code(language: str) -> str:
    return language.casefold().partition("-")[0]


def _find_known(
    texts: list[str], labelled: list[str], threshold: float, *, parts_too: bool = True
) -> set[str]:
    """Texts that are a copy of a labelled one, hold one, or, with `parts_too`, stand inside one."""
    is_copied = find_copied(texts, labelled, threshold=threshold)
    words = find_words([*texts, *labelled])
    mine = [f" {' '.join(found)} " for found in words[: len(texts)]]
    others = {f" {' '.join(found)} " for found in words[len(texts) :] if count_words(found) >= _FEWEST_WORDS}

    def is_known(i: int) -> bool:
        is_long = parts_too and count_words(words[i]) >= _FEWEST_WORDS
        return bool(is_copied[i]) or any(
            other in mine[i] or (is_long and mine[i] in other) for other in others
        )

    return {text for i, text in enumerate(texts) if is_known(i)}


def _to_rows(codebook: Codebook, frames_of: dict[str, set[str]], path: Path) -> LabelledData:
    labels = [codebook.add_parents(ids) for ids in frames_of.values()]
    table = pd.DataFrame(
        {"text": pd.Series(list(frames_of), dtype=object), "labels": pd.Series(labels, dtype=object)}
    )
    return LabelledData(table, codebook.frame_ids, path)
