"""Questions on two levels: what stands under a frame is asked about where the frame seems to be carried.

The probability of a frame under another is the product of the parent's and of its own, given the parent. Where it was
not asked about, the coders' share of it among texts with the parent stands for the latter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.llm.answers import combine_readings
from pipeline.classifiers.llm.asking import Asker, Call
from pipeline.classifiers.llm.questions import Question
from pipeline.classifiers.protocols import Probabilities

Prompts = list[Question]  # the top level first, then one for each parent


@dataclass(frozen=True, slots=True)
class Asked:
    """Of texts: raw probabilities (n, k), whether each got a usable answer (n,), and the first reasons given."""

    raw: Probabilities
    is_answered: NDArray[np.bool_]
    rationales: list[str]


@dataclass(frozen=True, slots=True)
class _Level:
    """Of one question to some texts: values (n, asked), which frames are not ruled out, whether answered, reasons."""

    values: Probabilities
    is_likely: NDArray[np.bool_]
    is_answered: NDArray[np.bool_]
    rationales: list[str]


def ask_coarse_to_fine(
    asker: Asker,
    texts: Sequence[str],
    prompts: Sequence[Prompts],
    *,
    labels: Sequence[str],
    shares_below: NDArray[np.float32],
    what: str,
) -> Asked:
    """Ask about the top level, then about what stands under the parents that seem to be carried.

    Args:
        asker: knows how the server is asked.
        texts: as they are shown.
        prompts: of each text; all ask about the same frames.
        labels: frame ids in column order.
        shares_below: of texts with a frame's parent, those that carry the frame; shape (k,).
        what: is being done, for the progress.
    """
    raw = np.zeros((len(texts), len(labels)), np.float32)
    column = {label: k for k, label in enumerate(labels)}
    if not texts:
        return Asked(raw, np.zeros(0, bool), [])
    first, *others = prompts[0]
    top = _ask_level(asker, range(len(texts)), [own[0] for own in prompts], texts, what)
    raw[:, [column[frame] for frame in first.frames]] = top.values
    for q, question in enumerate(others, 1):
        k = column[str(question.parent)]
        below = [column[frame] for frame in question.frames]
        raw[:, below] = raw[:, [k]] * shares_below[below]
        is_likely = top.is_likely[:, first.frames.index(str(question.parent))]
        rows = np.flatnonzero(is_likely & top.is_answered)
        level = _ask_level(asker, rows.tolist(), [prompts[int(i)][q] for i in rows], texts, what)
        answered = rows[level.is_answered]
        raw[answered[:, None], below] = raw[answered][:, [k]] * level.values[level.is_answered]
        for row, why in zip(rows.tolist(), level.rationales, strict=True):
            top.rationales[row] = " ".join(part for part in (top.rationales[row], why) if part)
    return Asked(raw, top.is_answered, top.rationales)


def _ask_level(
    asker: Asker, rows: Sequence[int], questions: Sequence[Question], texts: Sequence[str], what: str
) -> _Level:
    """Ask one question about each of some rows, as often as the server's answers need."""
    repeats = asker.repeats
    calls = [
        Call(question, texts[row], repeat)
        for row, question in zip(rows, questions, strict=True)
        for repeat in range(repeats)
    ]
    found = asker.ask(calls, what)
    shape = len(rows), len(questions[0].frames) if questions else 0
    level = _Level(
        np.full(shape, 0.5, np.float32), np.zeros(shape, bool), np.zeros(len(rows), bool), [""] * len(rows)
    )
    for i in range(len(rows)):
        usable = [reading for reading in found[i * repeats : (i + 1) * repeats] if reading is not None]
        if usable:
            level.is_answered[i] = True
            level.values[i], level.is_likely[i] = combine_readings(usable)
            level.rationales[i] = usable[0].rationale
    return level
