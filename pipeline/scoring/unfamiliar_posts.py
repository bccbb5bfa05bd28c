"""Is a model out of its depth? The cheap half of drift, looked at while posts are scored.

Two signs: posts in languages that training hardly held, and words that it did not hold. Both are told only when
they are gross and the posts many enough; `frames drift` says more.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.data.labels.frame_languages import FrameLanguages, describe_untaught
from pipeline.scoring.drift_reference import DriftReference, Vocabulary, read_drift_reference

if TYPE_CHECKING:
    from pipeline.bundle import ModelBundle
    from pipeline.scoring.score_posts import ScoredBatch

SENTENCES_PER_WINDOW: Final = 100  # evenly spaced: about a hundredth of the time that scoring a window takes
ABSENT: Final = (
    0.01  # a language with a smaller share of training is as good as absent; above what naming errs
)
FOREIGN_POSTS: Final = 0.1  # share of posts in absent languages from which to warn
UNKNOWN_ODDS: Final = 4.0  # times the expected odds of an unknown word from which to warn, and at least
UNKNOWN_WORDS: Final = 0.2  # this share
FEWEST: Final = 10  # posts, or sentences: fewer say nothing
_DEVIATIONS: Final = 2.0  # by which a share has to exceed its limit
_NAMED: Final = 3  # languages in a message


@dataclass(slots=True)
class DepthCounts:
    """What was seen of scored posts.

    Attributes:
        posts: by language.
        unknown: words that training did not hold, of a sample of sentences.
        words: in the sample.
        sentences: in the sample.
    """

    posts: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    words: int = 0
    sentences: int = 0

    def add(self, other: "DepthCounts") -> None:
        """Add what another check saw."""
        self.posts.update(other.posts)
        self.unknown += other.unknown
        self.words += other.words
        self.sentences += other.sentences


class DepthCheck:
    """Looks at scored windows and says at the end whether the model was made for such posts.

    Args:
        bundle: the model that scores; one without a drift reference gives no warnings.
    """

    def __init__(self, bundle: "ModelBundle") -> None:
        self._reference = read_drift_reference(bundle)
        self._vocabulary = Vocabulary(self._reference.word_digests) if self._reference else None
        self._bundle = bundle
        self.counts = DepthCounts()

    def add(self, scored: "ScoredBatch") -> None:
        """Count the posts of a window by language, and the words of some of its sentences."""
        for entry in scored.posts["lang"].combine_chunks().value_counts().to_pylist():
            self.counts.posts[entry["values"] or "und"] += entry["counts"]
        if self._vocabulary is None:
            return
        texts = scored.sentences["text"]
        chosen = np.unique(np.linspace(0, len(texts) - 1, min(SENTENCES_PER_WINDOW, len(texts)), dtype=int))
        for text in texts.take(chosen).to_pylist():
            unknown, words = self._vocabulary.count(text)
            self.counts.unknown += unknown
            self.counts.words += words
            self.counts.sentences += 1

    def find_untaught(self) -> dict[str, list[str]]:
        """Frames that training never showed in a language of the posts, with those languages."""
        return find_untaught(self._bundle, self.counts.posts)

    def warnings(self) -> tuple[str, ...]:
        """What the user has to know before believing the scores; often nothing."""
        untaught = warn_of_untaught(self.find_untaught(), self.counts.posts)
        if self._reference is None:
            return untaught
        share = self.counts.unknown / max(1, self.counts.words)
        found = (
            warn_of_languages(self._reference, self.counts.posts),
            warn_of_words(self._reference, share, self.counts.sentences),
        )
        return (*(warning for warning in found if warning), *untaught)


def find_untaught(
    bundle: "ModelBundle", posts: Mapping[str, int], absent: Collection[tuple[str, str]] = ()
) -> dict[str, list[str]]:
    """Frames that training never showed in a language of the posts, with those languages.

    Args:
        bundle: the model.
        posts: their number by language code.
        absent: frames with languages in which a coded sample shows none of them; they are left out.
    """
    taught = FrameLanguages.from_json(bundle.manifest.get("frame_languages"))
    found = {} if taught is None else taught.find_untaught(posts)
    kept = {frame: [lang for lang in langs if (frame, lang) not in absent] for frame, langs in found.items()}
    return {frame: langs for frame, langs in kept.items() if langs}


def warn_of_untaught(untaught: Mapping[str, Sequence[str]], posts: Mapping[str, int]) -> tuple[str, ...]:
    """A warning for each language that lacks frames; posts by language code."""
    return tuple(
        f"{posts[line.partition(':')[0]]:,} posts are in a language in which training showed no text with some frames "
        f"({line}): where they occur there, the model hardly finds them, and their raw shares may be too low"
        for line in describe_untaught(untaught)
    )


def absent_languages(reference: DriftReference, posts: Mapping[str, int]) -> dict[str, int]:
    """Posts by language, most first, of those languages that training hardly held; undetermined ones apart."""
    absent = {
        code: n for code, n in posts.items() if code != "und" and reference.language_share(code) < ABSENT
    }
    return dict(sorted(absent.items(), key=lambda entry: (-entry[1], entry[0])))


def warn_of_languages(reference: DriftReference, posts: Mapping[str, int]) -> str | None:
    """A warning where many posts are in languages that training hardly held.

    Args:
        reference: of the model.
        posts: number of posts by language code.
    """
    determined = sum(n for code, n in posts.items() if code != "und")
    absent = absent_languages(reference, posts)
    share = sum(absent.values()) / max(1, determined)
    if determined < FEWEST or not _exceeds(share, FOREIGN_POSTS, determined):
        return None
    named = ", ".join(f"{code} {n / determined:.0%}" for code, n in list(absent.items())[:_NAMED])
    return (
        f"{share:.0%} of the posts are in languages that this model's training hardly held ({named}; training: "
        f"{_training_languages(reference) or 'none determined'}): its figures say nothing of these posts; train on "
        "labelled texts of these languages, or leave the posts out"
    )


def warn_of_words(reference: DriftReference, share: float, n: int) -> str | None:
    """A warning where far more words are unknown than among texts like those of training.

    Args:
        reference: of the model.
        share: of the words that training did not hold.
        n: sentences, or posts, that the share rests on, each counted as one observation.
    """
    limit = unknown_limit(reference)
    if n < FEWEST or not _exceeds(share, limit, n):
        return None
    return (
        f"{share:.0%} of the words were not in this model's training texts (expected of texts like those: "
        f"{reference.unknown_expected:.0%}): the posts differ much from what it learnt from; code a sample of them "
        "(`frames sample`) and evaluate the model on it before using the scores"
    )


def unknown_limit(reference: DriftReference) -> float:
    """Share of unknown words from which to warn; it leaves room to languages in which most words are new."""
    odds = UNKNOWN_ODDS * reference.unknown_expected / max(1e-9, 1 - reference.unknown_expected)
    return max(UNKNOWN_WORDS, odds / (1 + odds))


def _exceeds(share: float, limit: float, n: int) -> bool:
    """Whether a share lies above a limit by more than chance among n observations."""
    return share > limit + _DEVIATIONS * float(np.sqrt(limit * (1 - limit) / n))


def _training_languages(reference: DriftReference) -> str:
    shares = {str(code): reference.language_share(code) for code in reference.languages if code != "und"}
    main = sorted((code for code, share in shares.items() if share >= ABSENT), key=lambda code: -shares[code])
    return ", ".join(f"{code} {shares[code]:.0%}" for code in main[:_NAMED])
