"""Texts of evidence for the report: each distinct sentence once, shortened, within a budget of bytes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

if TYPE_CHECKING:
    from pipeline.reporting.report_data import Limits

# A character more than is shown tells which sentences are longer.
_SENTENCES = """
SELECT post_key, sentence_index, left(text, $chars + 1) AS text, coalesce(lang, '') AS lang
FROM current_sentences SEMI JOIN chosen USING (post_key)
"""


@dataclass(slots=True)
class EvidenceTexts:
    """Distinct sentences and which mark each belongs to.

    Attributes:
        texts: distinct sentences; languages: of each.
        of_mark: for each mark the number of its sentence, -1 where the text is left out.
        which_shortened: numbers of sentences that are longer than shown.
        context: columns mark, before, after: neighbours of a mark's sentence, "" where there are none.
        left_out: marks without text.
    """

    texts: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    of_mark: list[int] = field(default_factory=list)
    which_shortened: list[int] = field(default_factory=list)
    context: dict[str, list[Any]] = field(default_factory=lambda: {"mark": [], "before": [], "after": []})
    left_out: int = 0

    @property
    def shortened(self) -> int:
        """How many sentences are longer than shown."""
        return len(self.which_shortened)


def add_texts(connection: duckdb.DuckDBPyConnection, marks: pd.DataFrame, limits: "Limits") -> EvidenceTexts:
    """Texts for marks (columns post_key, sentence_index), in their order until the budget is spent.

    Args:
        connection: with `current_sentences` and the table `chosen` of posts.
        marks: one row for each frame of a post, the most important first.
        limits: of bytes and characters.
    """
    found = connection.execute(_SENTENCES, {"chars": limits.text_chars}).fetchall()
    sentences = {(key, index): (text, lang) for key, index, text, lang in found}
    chosen = EvidenceTexts()
    number: dict[tuple[str, str], int] = {}
    room, context_room = limits.text_bytes, limits.context_bytes
    for mark, place in enumerate(zip(marks["post_key"], marks["sentence_index"], strict=True)):
        sentence = sentences.get(place)
        if sentence is not None and sentence not in number and room > 0:
            number[sentence] = len(chosen.texts)
            room -= add_text(chosen, *sentence, limits.text_chars)
        i = -1 if sentence is None else number.get(sentence, -1)
        chosen.of_mark.append(i)
        chosen.left_out += i < 0
        if i >= 0 and context_room > 0:
            context_room -= _add_context(chosen, mark, place, sentences, limits.text_chars)
    return chosen


def add_text(chosen: EvidenceTexts, text: str, language: str, most: int) -> int:
    """Take one text in, cut to `most` characters; how many bytes it has."""
    if len(text) > most:
        chosen.which_shortened.append(len(chosen.texts))
        text = text[:most].rstrip()
    chosen.texts.append(text)
    chosen.languages.append(language)
    return len(text.encode())


def _add_context(
    chosen: EvidenceTexts,
    mark: int,
    place: tuple[str, int],
    sentences: dict[tuple[str, int], tuple[str, str]],
    most: int,
) -> int:
    key, index = place
    before, after = (sentences.get((key, index + step), ("", ""))[0] for step in (-1, 1))
    if not before and not after:
        return 0
    if len(before) > most:
        before = "[…]"  # its end, which is what stands beside the evidence, is not at hand
    if len(after) > most:
        after = f"{after[:most].rstrip()} […]"
    for name, value in (("mark", mark), ("before", before), ("after", after)):
        chosen.context[name].append(value)
    return len(before.encode()) + len(after.encode())
