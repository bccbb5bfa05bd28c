"""Claims about what is one text: which texts are copies, and which say the same, on pairs with known answers.

The rules were tuned on the pairs of `text_pairs`, `written_pairs` and `hard_pairs`, not on those of `held_out_pairs`:
what these show is what a rule does to texts that it was not made for. Those of `undivided_pairs` were written before
the rules knew their scripts, and three rules were then mended by them: they are tuned pairs too.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.benchmarks.validity.channel_texts import FORMULAS, make_channel
from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.benchmarks.validity.hard_pairs import HARD_PAIRS
from pipeline.benchmarks.validity.held_out_pairs import BLIND_ANSWERS, BLIND_PAIRS, HELD_OUT_PAIRS
from pipeline.benchmarks.validity.text_pairs import LANGUAGES, Pair, make_pairs
from pipeline.benchmarks.validity.undivided_pairs import UNDIVIDED_PAIRS
from pipeline.benchmarks.validity.written_pairs import ANSWERS, TUNED_PAIRS, read_pairs
from pipeline.data.copies.near_duplicates import cluster_texts, find_statements

Judge = Callable[..., NDArray[np.int64]]
Answer = tuple[bool, bool]
_PRECISION, _RECALL = Target(0.97), Target(0.95)
_NONE_WRONG: Final = Target(1.0)
_UNDIVIDED: Final = {"zh": "Chinese", "ja": "Japanese", "th": "Thai"}


def find_copies(repetitions: int) -> Iterator[Finding]:
    """Precision and recall of "these two are copies, so they stand in one fold"."""
    yield from _measure(repetitions, cluster_texts, "are_copies")


def find_same_statements(repetitions: int) -> Iterator[Finding]:
    """Precision and recall of "these two say the same, so a label of one may be copied to the other"."""
    yield from _measure(repetitions, find_statements, "say_the_same")


def find_held_out_copies(_: int) -> Iterator[Finding]:
    """Both on pairs that no rule was tuned on, all languages together: they are few."""
    yield from _measure_held_out(cluster_texts, "are_copies")


def find_held_out_statements(_: int) -> Iterator[Finding]:
    """Both on pairs that no rule was tuned on, all languages together."""
    yield from _measure_held_out(find_statements, "say_the_same")


def find_undivided_copies(_: int) -> Iterator[Finding]:
    """Precision and recall in scripts that put no spaces between words."""
    for language, name in _UNDIVIDED.items():
        pairs = {language: UNDIVIDED_PAIRS[language]}
        yield from _tell(name, _count_written(pairs, cluster_texts, "are_copies"))


def find_undivided_statements(_: int) -> Iterator[Finding]:
    """There, no label may be copied between texts that differ in a word; more than signs, no rule knows there."""
    for language, name in _UNDIVIDED.items():
        pairs = {language: UNDIVIDED_PAIRS[language]}
        counts = _count_written(pairs, find_statements, "say_the_same")
        yield from _tell(name, counts, (_NONE_WRONG, Target()))


def keep_formulas(_: int) -> Iterator[Finding]:
    """Precision and recall of "these two say the same" among sentences of a channel that begin or end alike."""
    for language in FORMULAS:
        texts, said = make_channel(language)
        found = find_statements(texts, channels=["channel"] * len(texts))
        one, other = np.triu_indices(len(texts), 1)
        pairs = zip(found[one] == found[other], np.array(said)[one] == np.array(said)[other], strict=True)
        yield from _tell(language, Counter((bool(a), bool(b)) for a, b in pairs), (_NONE_WRONG, Target()))


def _measure(repetitions: int, judge: Judge, question: str) -> Iterator[Finding]:
    for language in LANGUAGES:
        sets = [make_pairs(language, seed) for seed in range(repetitions)]
        yield from _tell(language, _count(sets, judge, question))
    for name, written in (("written by hand", TUNED_PAIRS), ("hard", HARD_PAIRS)):
        yield from _tell(name, _count_written(written, judge, question))


def _measure_held_out(judge: Judge, question: str) -> Iterator[Finding]:
    yield from _tell("held out", _count_written(HELD_OUT_PAIRS, judge, question))
    yield from _tell("held out, blind", _count_written(BLIND_PAIRS, judge, question, BLIND_ANSWERS))


def _count_written(
    written: Mapping[str, str],
    judge: Judge,
    question: str,
    answers: Mapping[str, tuple[bool, bool]] = ANSWERS,
) -> Counter[Answer]:
    """Pairs one by one: many of a kind among few texts would be forms of one report."""
    counts: Counter[Answer] = Counter()
    for language in written:
        texts, pairs = read_pairs(written, language, answers)
        for pair in pairs:
            both = [texts[pair.one], texts[pair.other]]
            counts += _count([(both, [replace(pair, one=0, other=1)])], judge, question)
    return counts


def _count(sets: Sequence[tuple[list[str], list[Pair]]], judge: Judge, question: str) -> Counter[Answer]:
    """Pairs by what was said and what is true."""
    counts: Counter[Answer] = Counter()
    for texts, pairs in sets:
        found = judge(texts, channels=["channel"] * len(texts))
        counts.update(
            (bool(found[pair.one] == found[pair.other]), bool(getattr(pair, question))) for pair in pairs
        )
    return counts


def _tell(
    name: str, counts: Counter[Answer], targets: tuple[Target, Target] = (_PRECISION, _RECALL)
) -> Iterator[Finding]:
    right, said, true = counts[True, True], counts[True, False], counts[False, True]
    for figure, missing, target in (("precision", said, targets[0]), ("recall", true, targets[1])):
        n = max(right + missing, 1)
        yield Finding.of_share(f"{name}: {figure}", right / n, target, n)


CLAIMS: Final = (
    Claim("Copies are found, and nothing else is", find_copies, short=3, long=30),
    Claim("Labels are copied between texts that say the same alone", find_same_statements, short=3, long=30),
    Claim("Copies among pairs that no rule was tuned on", find_held_out_copies, short=1, long=1),
    Claim("The same statement among such pairs", find_held_out_statements, short=1, long=1),
    Claim("Copies in scripts without spaces between words", find_undivided_copies, short=1, long=1),
    Claim("The same statement in such scripts", find_undivided_statements, short=1, long=1),
    Claim("What recurs in a channel's sentences is said all the same", keep_formulas, short=1, long=1),
)
