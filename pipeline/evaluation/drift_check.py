"""How far the posts of an output folder are from what their model learnt from.

Four comparisons need only the bundle: words that training lacked, languages, lengths, and the distribution of
each frame's scores. A fifth, with the labelled file of the training, asks how well a classifier tells the two
sets of texts apart. Drift is no error by itself: a shift of scores may be what there is to find. It says that
test figures from the training's data need not hold, and that a coded sample of the new posts is due.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import DataError
from pipeline.evaluation.drift_classifier import DomainSeparation, separate_domains
from pipeline.evaluation.drift_statistics import Histogram, Shift, compare_histograms
from pipeline.evaluation.leakage import find_seen
from pipeline.measures.intervals import Estimate, renumber, sum_by_cluster
from pipeline.scoring.drift_reference import (
    LENGTH_EDGES,
    SCORE_EDGES,
    DriftReference,
    Vocabulary,
    count_bins,
    read_drift_reference,
)
from pipeline.scoring.read_scores import open_scores
from pipeline.scoring.score_posts import probability_column
from pipeline.scoring.unfamiliar_posts import (
    absent_languages,
    find_untaught,
    unknown_limit,
    warn_of_languages,
    warn_of_untaught,
    warn_of_words,
)

READ_SENTENCES: Final = 20_000  # of all; enough for every figure, whatever the size of the output
LEFT_OUT: Final = 0.2  # share of training texts from which the rest does not speak for the whole output
TOLERANCE: Final = 0.03  # that the mean probability of a frame may move by before there is a warning
LENGTH_RATIO: Final = 1.5  # of mean lengths, either way; nearer ones are no reason to warn
SEPARABLE: Final = 0.9  # area under the curve from which the two sets of texts hardly overlap
_NORMAL_95: Final = 1.96
_LANGUAGES = """
SELECT coalesce(lang, 'und') AS code, count(*) FROM current_posts WHERE bundle_hash = $bundle
GROUP BY code ORDER BY code
"""
_COUNT = "SELECT count(*) FROM current_sentences WHERE bundle_hash = $bundle"
# Hashes draw the same sentences each time; those of one post fall apart.
_SAMPLE = """
SELECT content_hash, text, {columns} FROM current_sentences WHERE bundle_hash = $bundle
ORDER BY hash(post_key, sentence_index), post_key, sentence_index LIMIT {most}
"""


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """A language's share of the training rows and of the posts, each among those with a determined language."""

    code: str
    then: float
    now: float
    posts: int


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Posts of an output against the training texts of the model that scored them.

    Attributes:
        model_id: of the model; bundle_hash: likewise.
        posts: current posts that it scored; sentences: of these posts.
        sampled_posts: posts with different texts that were read, which noise levels are based on;
            sampled_sentences: different ones in them, none of them training texts: all figures but those of languages
            are of these.
        seen_share: of the sentences read, training texts, which were left out: their scores would flatter.
        training_rows: rows that the reference describes.
        unknown_words: share of words that training lacked, with a 95 % interval over posts.
        unknown_expected: the same share among texts like those of training.
        unknown_limit: share from which there is a warning.
        words_read: words that were looked up.
        languages: most frequent first; undetermined: posts without a determined language.
        foreign_share: of the posts, in languages that training hardly held.
        untaught: frames that training never showed in a language of the posts, with those languages.
        frames: shift of each frame's calibrated probability over sentences.
        length: shift of the sentences' length in characters.
        tolerance: that a mean probability may move by; a frame of which it surely moved further is warned of.
        domain: how well the two sets of texts can be told apart; None without the labelled file.
        warnings: what a reader of the scores has to know.
    """

    model_id: str
    bundle_hash: str
    posts: int
    sentences: int
    sampled_posts: int
    sampled_sentences: int
    seen_share: float
    training_rows: int
    unknown_words: Estimate
    unknown_expected: float
    unknown_limit: float
    words_read: int
    languages: tuple[LanguageShare, ...]
    undetermined: int
    foreign_share: float
    untaught: dict[str, list[str]]
    frames: tuple[Shift, ...]
    length: Shift
    tolerance: float
    domain: DomainSeparation | None
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        plain = asdict(self)
        for part, shift in zip([*plain["frames"], plain["length"]], [*self.frames, self.length], strict=True):
            part["is_shifted"] = shift.is_shifted
        for part, shift in zip(plain["frames"], self.frames, strict=True):
            part["moved_beyond_tolerance"] = shift.moved_beyond(self.tolerance)
        return plain


def measure_drift(
    scores: Path,
    bundle: ModelBundle,
    *,
    labelled: LabelledData | None = None,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    absent: Collection[tuple[str, str]] = (),
) -> DriftReport:
    """Compare the current posts of an output, as far as this model scored them, with its training.

    Args:
        scores: output folder of `frames predict`.
        bundle: the model that scored.
        labelled: the labelled file of the training; adds the domain classifier.
        tolerance: that the mean probability of a frame may move by.
        seed: of the noise levels and of the domain classifier.
        absent: frames with languages in which a coded sample shows none, see `find_untaught`.

    Raises:
        DataError: no scores of this model there; a model without a reference; a labelled file without training texts.
    """
    reference = read_drift_reference(bundle)
    if reference is None:
        raise DataError(
            f"{bundle.folder}: this model was trained by a version that kept no reference for drift; train it again "
            "from its config (the same data and seed give the same model)"
        )
    scored = _read_scores(scores, bundle)
    unknown, words_read = _measure_words(scored.sample, Vocabulary(reference.word_digests))
    shifts = _compare_distributions(bundle, reference, scored, seed)
    domain = _separate(labelled, bundle, list(scored.sample["text"]), seed) if labelled is not None else None
    determined = sum(n for code, n in scored.languages.items() if code != "und")
    report = DriftReport(
        model_id=bundle.model_id,
        bundle_hash=bundle.bundle_hash,
        posts=scored.posts,
        sampled_posts=scored.sampled_posts,
        sentences=scored.sentences,
        sampled_sentences=len(scored.sample),
        seen_share=scored.seen,
        training_rows=reference.n_rows,
        unknown_words=unknown,
        unknown_expected=reference.unknown_expected,
        unknown_limit=unknown_limit(reference),
        words_read=words_read,
        languages=_compare_languages(reference, scored.languages),
        undetermined=scored.languages.get("und", 0),
        foreign_share=sum(absent_languages(reference, scored.languages).values()) / max(1, determined),
        untaught=find_untaught(bundle, scored.languages, absent),
        frames=shifts[:-1],
        length=shifts[-1],
        tolerance=tolerance,
        domain=domain,
        warnings=(),
    )
    return _with_warnings(report, reference, scored.languages)


@dataclass(frozen=True, slots=True)
class _Scored:
    """Current rows of one model.

    Attributes:
        posts: how many; languages: of these, by code.
        sentences: of all posts.
        sample: columns content_hash (of the post), text, and a probability for each frame: different sentences that
            are no training texts.
        seen: share of the sampled sentences that are.
    """

    posts: int
    languages: dict[str, int]
    sentences: int
    sample: pd.DataFrame
    seen: float

    @property
    def sampled_posts(self) -> int:
        """Posts with different texts in the sample: what is independent in it."""
        return int(self.sample["content_hash"].nunique())


def _read_scores(scores: Path, bundle: ModelBundle) -> _Scored:
    wanted = {"bundle": bundle.bundle_hash}
    columns = [probability_column(frame) for frame in bundle.frame_ids]
    quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    with open_scores(scores) as connection:
        languages = connection.execute(_LANGUAGES, wanted).fetchall()
        found = connection.execute(_COUNT, wanted).fetchone()
        n_sentences = int(found[0]) if found else 0
        if not n_sentences:
            raise DataError(
                f"{scores}: holds no sentence that {bundle.model_id} scored; give the model that scored it (its "
                "name and bundle hash stand in its columns model_id and bundle_hash), or score posts with this one"
            )
        query = _SAMPLE.format(columns=quoted, most=READ_SENTENCES)
        sample = connection.execute(query, wanted).df()
    is_seen = find_seen(list(sample["text"]), bundle.read_arrays("training_texts")["digests"])
    unseen = sample[~is_seen].drop_duplicates("text", ignore_index=True)
    if unseen.empty:
        raise DataError(
            f"{scores}: all {len(sample):,} sentences that were read are training texts of {bundle.model_id}: score "
            "posts that it has not seen"
        )
    return _Scored(
        posts=sum(n for _, n in languages),
        languages=dict(languages),
        sentences=n_sentences,
        sample=unseen,
        seen=float(is_seen.mean()),
    )


def _measure_words(sample: pd.DataFrame, vocabulary: Vocabulary) -> tuple[Estimate, int]:
    """Share of unknown words with its interval, posts drawn whole (ratio estimator, Cochran 1977, 6.4)."""
    counts = pd.DataFrame([vocabulary.count(text) for text in sample["text"]], columns=["unknown", "words"])
    by_post = counts.groupby(sample["content_hash"]).sum()
    n, total = len(by_post), int(by_post["words"].sum())
    if not total:
        return Estimate(None), 0
    share = float(by_post["unknown"].sum() / total)
    if n == 1:
        return Estimate(share), total
    residuals = by_post["unknown"] - share * by_post["words"]
    margin = _NORMAL_95 * float(np.sqrt(n / (n - 1) * (residuals**2).sum()) / total)
    return Estimate(share, max(0.0, share - margin), min(1.0, share + margin)), total


def _compare_distributions(
    bundle: ModelBundle, reference: DriftReference, scored: _Scored, seed: int
) -> tuple[Shift, ...]:
    """Shifts of each frame's scores, and of lengths last."""
    posts = renumber(scored.sample["content_hash"].to_numpy())

    def now(values: NDArray[Any], edges: Sequence[float]) -> Histogram:
        mean = float(values.mean())
        by_post = sum_by_cluster((values - mean)[:, None], posts)
        n = len(by_post)
        error = float(np.sqrt(n / max(n - 1, 1) * (by_post**2).sum()) / len(values))
        return Histogram(count_bins(values, edges), n, mean, error if n > 1 else 0.0)

    def then(counts: NDArray[np.int64], n: int, mean: float, edges: Sequence[float]) -> Histogram:
        return Histogram(counts, n, mean, _error_of_bins(counts, n, mean, edges))

    pairs = [
        (
            then(
                reference.score_counts[k],
                reference.score_clusters,
                float(reference.score_means[k]),
                (0.0, *SCORE_EDGES, 1.0),
            ),
            now(scored.sample[probability_column(frame)].to_numpy(), SCORE_EDGES),
        )
        for k, frame in enumerate(bundle.frame_ids)
    ]
    longest = 2.0 * LENGTH_EDGES[-1]
    lengths = (
        then(
            reference.length_counts,
            reference.n_clusters,
            reference.mean_length,
            (0.0, *LENGTH_EDGES, longest),
        ),
        now(scored.sample["text"].str.len().to_numpy(), LENGTH_EDGES),
    )
    return compare_histograms([*bundle.frame_ids, "length"], [*pairs, lengths], seed=seed)


def _error_of_bins(counts: NDArray[np.int64], n: int, mean: float, edges: Sequence[float]) -> float:
    """Standard error of the mean of n independent values, of which the reference keeps counts by bin alone."""
    middles = (np.array(edges[:-1]) + np.array(edges[1:])) / 2
    return float(np.sqrt((counts * (middles - mean) ** 2).sum() / counts.sum() / max(n - 1, 1)))


def _compare_languages(reference: DriftReference, posts: Mapping[str, int]) -> tuple[LanguageShare, ...]:
    determined = max(1, sum(n for code, n in posts.items() if code != "und"))
    codes = {*map(str, reference.languages), *posts} - {"und"}
    shares = [
        LanguageShare(
            code, reference.language_share(code), posts.get(code, 0) / determined, posts.get(code, 0)
        )
        for code in codes
    ]
    return tuple(sorted(shares, key=lambda share: (-share.posts, -share.then, share.code)))


def _separate(
    labelled: LabelledData, bundle: ModelBundle, sentences: Sequence[str], seed: int
) -> DomainSeparation:
    texts = list(labelled.table["text"])
    is_training = find_seen(texts, bundle.read_arrays("training_texts")["digests"])
    training = [text for text, seen in zip(texts, is_training, strict=True) if seen]
    if not training:
        raise DataError(
            f"{labelled.path}: none of its {len(texts)} texts was among the training texts of {bundle.model_id}: give "
            "the labelled file of its config"
        )
    return separate_domains(training, sentences, seed=seed)


def _with_warnings(
    report: DriftReport, reference: DriftReference, languages: Mapping[str, int]
) -> DriftReport:
    warnings = [
        warn_of_languages(reference, languages),
        *warn_of_untaught(report.untaught, languages),
        warn_of_words(reference, report.unknown_words.value or 0.0, report.sampled_posts),
        note_left_out(report),
    ]
    warnings.append(_warn_of_frames(report))
    warnings.append(_warn_of_length(report.length))
    if report.domain and report.domain.auc.low is not None and report.domain.auc.low >= SEPARABLE:
        warnings.append(
            f"a classifier tells these sentences from the training texts (area under the curve "
            f"{report.domain.auc.value:.2f}): the two hardly overlap"
        )
    return replace(report, warnings=tuple(warning for warning in warnings if warning))


def _warn_of_frames(report: DriftReport) -> str | None:
    """Frames whose mean moved beyond the tolerance, or whose probabilities are spread otherwise: sizes, no tests."""
    shifted = [shift for shift in report.frames if shift.is_shifted or shift.moved_beyond(report.tolerance)]
    if not shifted:
        return None
    listed = ", ".join(f"{shift.name} ({_describe_shift(shift, report.tolerance)})" for shift in shifted)
    return (
        f"scores of distinct new sentences ({report.seen_share:.0%} of those read left out as training texts) are "
        f"otherwise than in training for {len(shifted)} of {len(report.frames)} frames, their mean by more than "
        f"{report.tolerance:g} or their spread: {listed}; means over all sentences may be others. The posts may "
        "differ, or the model's errors: only coded new posts tell"
    )


def _describe_shift(shift: Shift, tolerance: float) -> str:
    """Why a frame is named, with its figures."""
    reasons = [describe_move(shift)] if shift.moved_beyond(tolerance) else []
    if shift.is_shifted:
        reasons.append(
            f"spread otherwise: divergence {shift.divergence:.3f} bits, by chance up to {shift.noise:.3f}"
        )
    return "; ".join(reasons)


def describe_move(shift: Shift) -> str:
    """For example "the mean moved by +0.063 (+0.045 to +0.081), from 0.118 to 0.181"."""
    moved = shift.moved
    interval = "" if moved.low is None else f" ({moved.low:+.3f} to {moved.high:+.3f})"
    return (
        f"the mean moved by {moved.value:+.3f}{interval}, from {shift.mean_then:.3f} to {shift.mean_now:.3f}"
    )


def note_left_out(report: DriftReport) -> str | None:
    """What the comparison leaves out, where that is much: among the warnings, though nothing may have drifted."""
    if report.seen_share <= LEFT_OUT:
        return None
    return (
        f"{report.seen_share:.0%} of the sentences read are training texts and were left out: what is compared here is "
        "the rest, each sentence once, and not the whole output"
    )


def _warn_of_length(length: Shift) -> str | None:
    if (
        not length.is_shifted
        or 1 / LENGTH_RATIO <= length.mean_now / max(length.mean_then, 1e-9) <= LENGTH_RATIO
    ):
        return None
    direction = "longer" if length.mean_now > length.mean_then else "shorter"
    return (
        f"the sentences are much {direction} than the training texts (mean {length.mean_now:.1f} characters against "
        f"{length.mean_then:.1f}): probabilities and thresholds were fitted on other lengths"
    )
