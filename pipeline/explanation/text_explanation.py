"""Why a sentence got its score: the words that raise or lower a frame's calibrated probability.

The baseline is a sum, so its words are given their exact parts. Of any other model, each word is left out in turn
and the change is what is reported (occlusion; Li, Monroe & Jurafsky 2016, "Understanding neural networks through
representation erasure").
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.classifiers.normalised_text import describe_account, read_text, without_normalisation
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.data.text.sentences import split_sentences
from pipeline.data.text.text_words import HIRAGANA, LETTER, PARTICLES, is_part
from pipeline.data.text.word_pattern import WORD
from pipeline.errors import DataError
from pipeline.evaluation.leakage import count_seen
from pipeline.explanation.linear_effects import contribute_characters
from pipeline.measures.calibration import logit
from pipeline.scoring.read_scores import read_scores

Method = Literal["exact", "left out"]

MEANING: Final = (
    "Effects are in log odds of the calibrated probability: +0.69 doubles the odds, -0.69 halves them.",
    "They say which words move this model's score for this sentence.",
    "They do not say that the frame is there, why the author wrote so, or what a reader takes from it.",
    "A model may lean on words that only go with a frame, such as names.",
)
EXACT: Final = (
    "Exact: the effects of all words and punctuation add up, with the base, to the sentence's log odds."
)
LEFT_OUT: Final = (
    "Left out: the effect of a word is what the log odds lose when it is missing. Such effects do not add up, and "
    "words that say the same thing hide each other's."
)


# A word, with apostrophes and hyphens inside; or a run of anything else but white space. Together
# they cover all that is not white space, so that what characters contribute can be summed without a rest.
_ROUNDING: Final = 1e-6  # of a probability
_ALIKE: Final = 0.2  # effects of neighbouring letters, the smaller by the larger
_LONGEST_RUN: Final = 6  # letters
_UNIT = re.compile(rf"{LETTER}|(?:{WORD})(?:['’ʼ-](?:{WORD}))*|[^\w\s]+")  # noqa: RUF001 - apostrophes as they are written
_is_hiragana = re.compile(f"[{HIRAGANA}]").match
_has_word = re.compile(r"\w").search

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WordEffect:
    """What a word does to a frame's score.

    Attributes:
        start: first character, counted in the post's text.
        end: one past the last.
        text: the slice between them.
        effect: in log odds of the calibrated probability; above 0, the word raises it.
    """

    start: int
    end: int
    text: str
    effect: float


@dataclass(frozen=True, slots=True)
class PlacedSentence:
    """A sentence and where its post holds it: index, and first character."""

    index: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class FrameEvidence:
    """The sentence of a post that shows a frame best, taken apart.

    Attributes:
        frame: frame id.
        is_decided: whether the model gives the sentence the frame.
        probability: calibrated; threshold: from which it is decided, None where the most probable frame is.
        sentence_index, start, text: of the sentence, as in the post.
        method: how the effects were found.
        log_odds: of the probability; base: what they would be without any known word, None unless exact.
        words: in the order of the text; punctuation among them where the method is exact.
    """

    frame: str
    is_decided: bool
    probability: float
    threshold: float | None
    sentence_index: int
    start: int
    text: str
    method: Method
    log_odds: float
    base: float | None
    words: tuple[WordEffect, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Evidence for each frame in question.

    Attributes:
        model_id: of the model; bundle_hash: likewise.
        sentences: how many were looked at.
        evidence: one for each decided, or asked, frame.
        notes: what the figures mean and what they do not.
    """

    model_id: str
    bundle_hash: str
    sentences: int
    evidence: tuple[FrameEvidence, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def find_units(text: str) -> list[Span]:
    """Places of words, or letters where no spaces part words, and of runs of punctuation, without overlaps.

    White space alone is left out.
    """
    return [match.span() for match in _UNIT.finditer(text)]


def is_word(unit: str) -> bool:
    """Whether a unit holds a letter or digit."""
    return _has_word(unit) is not None


def place_sentences(text: str) -> list[PlacedSentence]:
    """The sentences of a post that are scored.

    Raises:
        DataError: there is none.
    """
    found = [PlacedSentence(s.index, s.start, s.text) for s in split_sentences(text) if not s.is_boilerplate]
    if not found:
        raise DataError("the text holds no sentence to score: only white space, links, tags or trailers")
    return found


def read_placed_sentences(scores: Path, post_key: str, bundle: ModelBundle) -> list[PlacedSentence]:
    """The scored sentences of a post's current version.

    Raises:
        DataError: no such post there, without sentences, or scored by another model.
    """
    columns = ("sentence_index", "start", "text", "bundle_hash", "model_id")
    rows = read_scores(scores, "sentences", columns=columns, post_keys=[post_key])
    if rows.empty:
        raise DataError(
            f"{scores}: holds no sentence of the post '{post_key}'; keys stand in the column post_key of its posts, "
            "such as channel/17, and posts without a scored sentence cannot be explained"
        )
    if rows["bundle_hash"].iloc[0] != bundle.bundle_hash:
        raise DataError(
            f"{scores}: '{post_key}' was scored by {rows['model_id'].iloc[0]}, not by {bundle.model_id}: "
            "give that model"
        )
    return [
        PlacedSentence(int(index), int(start), str(text))
        for index, start, text in rows[["sentence_index", "start", "text"]].itertuples(index=False)
    ]


def explain_sentences(
    bundle: ModelBundle, sentences: Sequence[PlacedSentence], frames: Sequence[str] = ()
) -> Explanation:
    """Find each frame's evidence among the sentences of one post, and the words in it that count.

    Args:
        bundle: the model.
        sentences: of one post, at least one.
        frames: ids of the frames in question; none for those decided for any of the sentences.

    Raises:
        DataError: a frame that the model does not have.
    """
    unknown = [frame for frame in frames if frame not in bundle.frame_ids]
    if unknown:
        raise DataError(
            f"--frame {unknown[0]}: not a frame of {bundle.model_id}; it has {', '.join(bundle.frame_ids)}"
        )
    calibrated, decided = bundle.predict([sentence.text for sentence in sentences])
    columns = [
        k for k, frame in enumerate(bundle.frame_ids) if (frame in frames if frames else decided[:, k].any())
    ]
    # As in scored posts: the most probable of those decided; of all, where none is.
    rows = [
        int(np.where(decided[:, k] | ~decided[:, k].any(), calibrated[:, k], -1.0).argmax()) for k in columns
    ]
    method: Method = "exact" if _is_sum(bundle) else "left out"
    evidence: dict[int, FrameEvidence] = {}
    for row in sorted(set(rows)):
        sentence, wanted = sentences[row], [k for k, of in zip(columns, rows, strict=True) if of == row]
        bases, words = (_take_exact if method == "exact" else _leave_out)(bundle, sentence, wanted)
        for k, base, of_frame in zip(wanted, bases, words, strict=True):
            evidence[k] = FrameEvidence(
                frame=bundle.frame_ids[k],
                is_decided=bool(decided[row, k]),
                probability=float(calibrated[row, k]),
                threshold=None if bundle.decisions.single_label else float(bundle.decisions.thresholds[k]),
                sentence_index=sentence.index,
                start=sentence.start,
                text=sentence.text,
                method=method,
                log_odds=_log_odds(base, of_frame, calibrated[row, k]),
                base=base,
                words=of_frame,
            )
    ordered = tuple(evidence[k] for k in columns)
    notes = (
        EXACT if method == "exact" else LEFT_OUT,
        *MEANING,
        *_note_implied(bundle, ordered),
        *_warn_of_training(bundle, ordered),
        *describe_account(bundle.classifier)[1],
    )
    return Explanation(bundle.model_id, bundle.bundle_hash, len(sentences), ordered, notes)


def _note_implied(bundle: ModelBundle, evidence: Sequence[FrameEvidence]) -> tuple[str, ...]:
    """Parents that are as probable as one of their children: their words are not what made them so."""
    if not bundle.decisions.parents:
        return ()
    own = bundle.decisions.calibrator(bundle.classifier.predict_proba([found.text for found in evidence]))
    column = {frame: k for k, frame in enumerate(bundle.frame_ids)}
    implied = [f.frame for i, f in enumerate(evidence) if own[i, column[f.frame]] < f.probability - _ROUNDING]
    if not implied:
        return ()
    return (f"{', '.join(implied)}: implied by a frame below, whose words say why; its own words say less",)


def _warn_of_training(bundle: ModelBundle, evidence: Sequence[FrameEvidence]) -> tuple[str, ...]:
    """A model knows its training texts by heart; bundles of an earlier version do not tell which they were."""
    if not (bundle.folder / "training_texts.npz").exists():
        return ()
    texts = {of_frame.text for of_frame in evidence}
    seen = count_seen(list(texts), bundle.read_arrays("training_texts")["digests"])
    if not seen:
        return ()
    return (
        f"{seen} of the {len(texts)} sentences shown are training texts of this model: its scores there are memory.",
    )


def _log_odds(base: float | None, words: Sequence[WordEffect], probability: NDArray[Any]) -> float:
    """The sum where there is one: it has no bounds, as probabilities close to 0 and 1 have."""
    return float(logit(probability)) if base is None else base + sum(word.effect for word in words)


def _is_sum(bundle: ModelBundle) -> bool:
    """Whether calibrated log odds are a sum over n-grams; those of a softmax are not."""
    return (
        isinstance(without_normalisation(bundle.classifier), TfidfBaseline)
        and not bundle.decisions.single_label
    )


_Effects = tuple[list[float | None], list[tuple[WordEffect, ...]]]  # base and words of each frame in question


def _take_exact(bundle: ModelBundle, sentence: PlacedSentence, columns: Sequence[int]) -> _Effects:
    model, read = without_normalisation(bundle.classifier), read_text(bundle.classifier, sentence.text)
    assert isinstance(model, TfidfBaseline)  # noqa: S101 - see _is_sum
    slopes, offsets = bundle.decisions.calibrator.slopes, bundle.decisions.calibrator.offsets
    of_characters = contribute_characters(model, read.text) * slopes
    bases: list[float | None] = [float(slopes[k] * model.offsets[k] + offsets[k]) for k in columns]
    units = find_units(read.text)
    effects = np.zeros((len(units), len(model.labels)))
    for i, (start, end) in enumerate(units):
        effects[i] = of_characters[start:end].sum(axis=0)
    places = [read.find_original(start, end) for start, end in units]
    words = []
    for k in columns:
        runs = _join_letters(sentence.text, places, effects[:, k])
        joined = [(places[first][0], places[last][1]) for first, last in runs]
        sums = np.array([effects[first : last + 1, k].sum() for first, last in runs])
        words.append(_name_effects(sentence, joined, sums))
    return bases, words


def _leave_out(bundle: ModelBundle, sentence: PlacedSentence, columns: Sequence[int]) -> _Effects:
    text, read = sentence.text, read_text(bundle.classifier, sentence.text)
    units = [
        read.find_original(start, end)
        for start, end in find_units(read.text)
        if is_word(read.text[start:end])
    ]
    effects = _measure_left_out(bundle, text, units)
    words = []
    for k in columns:
        joined = [
            (units[first][0], units[last][1]) for first, last in _join_letters(text, units, effects[:, k])
        ]
        of_frame = effects if len(joined) == len(units) else _measure_left_out(bundle, text, joined)
        words.append(_name_effects(sentence, joined, of_frame[:, k]))
    return [None] * len(columns), words


def _measure_left_out(bundle: ModelBundle, text: str, units: Sequence[Span]) -> NDArray[np.float64]:
    """What the log odds lose when each unit is missing, shape (n_units, k)."""
    variants = [text, *(text[:start] + text[end:] for start, end in units)]
    log_odds = logit(bundle.predict(variants)[0])
    return np.asarray(log_odds[0] - log_odds[1:])


def _may_be_one(one: str, other: str) -> bool:
    """Whether two units side by side may be of one word: letters, no particles, and not of kanji and an ending."""
    if not is_part(one) or not is_part(other) or one in PARTICLES or other in PARTICLES:
        return False
    return bool(_is_hiragana(one)) == bool(_is_hiragana(other))


def _join_letters(text: str, units: Sequence[Span], effects: NDArray[np.float64]) -> list[Span]:
    """First and last unit of what is shown as one: letters side by side that do much the same, as a word's do."""
    runs: list[Span] = []
    for i, (start, end) in enumerate(units):
        before, end_before = units[i - 1]
        weak, strong = sorted((effects[i - 1], effects[i]), key=abs)
        goes_on = weak * strong > 0 and abs(weak) >= _ALIKE * abs(strong) and end_before == start
        if goes_on and i - runs[-1][0] < _LONGEST_RUN and _may_be_one(text[before:start], text[start:end]):
            runs[-1] = (runs[-1][0], i)
        else:
            runs.append((i, i))
    return runs


def _name_effects(
    sentence: PlacedSentence, units: Sequence[tuple[int, int]], effects: NDArray[np.float64]
) -> tuple[WordEffect, ...]:
    return tuple(
        WordEffect(sentence.start + start, sentence.start + end, sentence.text[start:end], float(effect))
        for (start, end), effect in zip(units, effects, strict=True)
    )
