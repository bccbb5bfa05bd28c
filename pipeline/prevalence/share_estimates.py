"""Which share of the output carries each frame: whole, and in each of its parts; differences and trends of them.

The target is the units in this output folder (posts, or sentences, with at least one scored sentence) that could have
been drawn for the sample, not what else the channels may have written. The prediction is the calibrated probability,
which says more than the decision; the raw share counts decisions and stands beside the estimates uncorrected.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError, DataError
from pipeline.measures.intervals import Estimate
from pipeline.prevalence.coder_doubt import CoderDoubt, read_doubt
from pipeline.prevalence.contrasts import JointShares, Wanted, bound_together, find_contrasts
from pipeline.prevalence.domains import (
    DOMAINS,
    PERIOD,
    WHOLE,
    PostColumns,
    check_kind,
    express_keys,
    group_cells,
)
from pipeline.prevalence.drawn_units import find_drawn_units
from pipeline.prevalence.estimators import Design, Shares, estimate_means
from pipeline.prevalence.evidence import INSIDE, Evidence, adjust_totals, keep_inside
from pipeline.prevalence.labelled_sample import LabelledSample, find_sample_unit, read_labelled_sample
from pipeline.prevalence.other_scores import PlacedScores, add_others, place_others
from pipeline.prevalence.score_totals import (
    ScoreTotals,
    look_up_scores,
    read_frames,
    read_parents,
    sum_scores,
)
from pipeline.prevalence.share_notes import (
    OF_UNKNOWN_MAKING,
    describe_fit,
    describe_target,
    note_changed,
    note_left_out,
    note_parents,
    note_units,
    note_unknown_training,
    note_weights,
)
from pipeline.prevalence.share_records import (
    FEWEST_LABELLED,
    NO_ESTIMATE,
    Contrast,
    ShareEstimate,
    ShareReport,
)
from pipeline.prevalence.text_checks import TextChecks, check_texts, mark_changed

Floats = NDArray[np.float64]
Samples = Path | Sequence[Path] | None


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """What is estimated, and how.

    Attributes:
        unit: "post" or "sentence"; None for that of the sample, or posts without one.
        domains: kinds of domains, see `pipeline.prevalence.domains`.
        split_at: first day of "after", for the kind "period".
        wanted: contrasts between the domains of each kind but the whole.
        confidence: of the intervals.
        empty_is_coded: a row of the sample without labels carries no frame; else it is not coded yet.
        labels_only: use no score, so that nothing depends on what the model learnt.
        codings: files with second codings of units of the sample.
        table: posts table, or another with a row for each post_key, whose columns may be kinds of domains too.
        others: tables with scores from elsewhere, see `pipeline.prevalence.other_scores`.
        encoding: of text files (sample, codings, other scores) that are not UTF-8.
    """

    unit: str | None = None
    domains: tuple[str, ...] = DOMAINS
    split_at: date | None = None
    wanted: Wanted = field(default_factory=Wanted)
    confidence: float = 0.95
    empty_is_coded: bool = False
    labels_only: bool = False
    codings: tuple[Path, ...] = ()
    table: Path | None = None
    others: tuple[Path, ...] = ()
    encoding: str | None = None

    def express_keys(self) -> dict[str, str]:
        """Keys of the cells, as SQL by name.

        Raises:
            ConfigError: a kind of domain that nothing tells.
            DataError: a table that cannot be used.
        """
        columns = None if self.table is None else PostColumns.read(self.table)
        for kind in self.domains:
            check_kind(kind, columns)
        return express_keys(self.domains, self.split_at, columns)


def estimate_shares(
    scores: Path | None, sample: Samples = None, frames: Sequence[str] | None = None, **settings: Any
) -> tuple[ShareEstimate, ...]:
    """The estimates of `report_shares`, without its notes and provenance."""
    return report_shares(scores, sample, frames, **settings).estimates


def report_shares(
    scores: Path | None,
    sample: Samples = None,
    frames: Sequence[str] | None = None,
    *,
    checks: TextChecks | None = None,
    **settings: Any,
) -> ShareReport:
    """Estimate the share of each frame in each domain.

    Args:
        scores: output folder of `frames predict`; None where there are scores from elsewhere alone.
        sample: coded file that `frames sample` drew from these scores, or several that stand together (a sample and
            what tops it up); None gives raw shares alone.
        frames: ids of the frames wanted, in this order; None for all.
        checks: what the texts told before, where they are not at hand; None looks at them.
        settings: by the names of `ShareSettings`.

    Raises:
        ConfigError: an unknown kind of domain.
        DataError: no scores, an unknown frame, or a sample that cannot be used, such as one that trained the model
            where what the model gave its texts before is not known.
    """
    chosen = ShareSettings(**settings)
    if (PERIOD in chosen.domains) != (chosen.split_at is not None):
        raise ConfigError(
            "shares before and after a date need the date, and a date needs them: --before-after DATE"
        )
    if chosen.others:
        return _report_others(scores, sample, frames, chosen)
    if scores is None:
        raise ConfigError("shares of what? Give the output folder of frames predict, or --scores FILE")
    return _report(scores, sample, frames, chosen, checks)


def _report_others(
    scores: Path | None, sample: Samples, frames: Sequence[str] | None, chosen: ShareSettings
) -> ShareReport:
    """With scores from elsewhere, whose output folder, where there is none, is made for as long as this takes."""
    first = sample if sample is None or isinstance(sample, Path) else next(iter(sample), None)
    unit = chosen.unit or (first and find_sample_unit(first, chosen.encoding)) or "post"
    with place_others(scores, chosen.others, unit, frames, chosen.encoding) as (out, others):
        report = _report(
            out, sample, frames, replace(chosen, unit=unit), None, others=others, is_made=scores is None
        )
        given = str(scores or chosen.others[0])
        source = str(scores or "POSTS.parquet")  # no sample can be drawn from a table of scores
        notes, cautions = (
            tuple(
                text.replace(f"sample {out}", f"sample {source}").replace(str(out), given) for text in texts
            )
            for texts in (report.notes, report.cautions)
        )
        return replace(report, target=report.target.replace(str(out), given), notes=notes, cautions=cautions)


def _report(
    scores: Path,
    sample: Samples,
    frames: Sequence[str] | None,
    chosen: ShareSettings,
    checks: TextChecks | None,
    *,
    others: Sequence[PlacedScores] = (),
    is_made: bool = False,
) -> ShareReport:
    keys = chosen.express_keys()
    all_frames = read_frames(scores)
    wanted = tuple(frames or all_frames)
    if unknown := [frame for frame in wanted if frame not in all_frames]:
        raise DataError(
            f"{scores}: has no frame {', '.join(unknown)}; expected some of {', '.join(all_frames)}"
        )
    if sample is None:
        return _report_raw(scores, wanted, keys, chosen)
    coded = read_labelled_sample(
        sample,
        all_frames,
        chosen.unit,
        empty_is_coded=chosen.empty_is_coded,
        parents=read_parents(scores),
        copies=checks.copies if checks else None,
        encoding=chosen.encoding,
    )
    if is_made:  # no texts are at hand
        checks = TextChecks(coded.copies, note=OF_UNKNOWN_MAKING)
    samples = [sample] if isinstance(sample, Path) else list(sample)
    return _report_estimates(
        scores, coded, wanted, all_frames, chosen, samples=samples, keys=keys, checks=checks, others=others
    )


def _report_raw(
    scores: Path, frames: tuple[str, ...], keys: dict[str, str], settings: ShareSettings
) -> ShareReport:
    unit = settings.unit or "post"
    totals = sum_scores(scores, unit, frames, keys)
    estimates, _ = _estimate_domains(totals, None, settings)
    how = (
        "these are raw counts of the classifier's decisions, with its errors; an interval cannot be had without "
        f"labels: draw a sample with `frames sample {scores} --unit {unit} -n 400 -o sample.csv`, code it, and "
        "give it with --sample"
    )
    return ShareReport(
        unit,
        estimates,
        describe_target(scores, unit, int(totals.cells["n"].sum()), None)[0],
        totals.models,
        (),
        settings.confidence,
        (*note_units(totals), *note_parents(read_parents(scores)), how),
    )


def _report_estimates(
    scores: Path,
    coded: LabelledSample,
    frames: tuple[str, ...],
    all_frames: tuple[str, ...],
    settings: ShareSettings,
    *,
    samples: Sequence[Path],
    keys: dict[str, str],
    checks: TextChecks | None,
    others: Sequence[PlacedScores],
) -> ShareReport:
    unit = coded.unit
    drawn = find_drawn_units(scores, unit, coded.frame) if coded.frame else None
    keys[INSIDE] = f"coalesce({drawn.condition}, false)" if drawn else "true"
    totals = sum_scores(scores, unit, frames, keys)
    cautions, notes = [], [*note_units(totals), *note_parents(read_parents(scores)), *coded.notes]
    checks = checks or check_texts(scores, coded, totals.models, all_frames, labels_only=settings.labels_only)
    changed = mark_changed(coded, checks)
    if changed.any():
        cautions.append(note_changed(coded, changed))
        if changed.all():
            raise DataError(f"{cautions[0]}; no unit is left")
        coded = coded.without(changed)
    replacement = checks.replacement
    cautions += note_unknown_training(checks.unknown)
    notes += [checks.note] if checks.note else []
    evidence = Evidence.join(
        coded, look_up_scores(scores, unit, frames, keys, coded.units), frames, all_frames
    )
    if replacement is not None:
        columns = [all_frames.index(frame) for frame in frames]
        new = replacement.probability[:, columns]
        old = look_up_scores(scores, unit, frames, keys, replacement.units)
        totals = adjust_totals(totals, old, new, list(keys))
        evidence = evidence.with_scores(replacement, new)
    if others:
        totals = add_others(scores, totals, keys, others)
        evidence = evidence.with_others([other.look_up(scores, unit, evidence.units) for other in others])

    totals = keep_inside(totals)
    target, caution = describe_target(scores, unit, int(totals.cells["n"].sum()), drawn)
    cautions += describe_fit(coded, unit, int(totals.cells["n"].sum()), drawn)
    notes += note_left_out(evidence.missing, evidence.outside)
    doubt = None
    if settings.codings:
        doubt, note = read_doubt(
            samples,
            settings.codings,
            evidence.units,
            evidence.labels,
            frames,
            all_frames=all_frames,
            parents=read_parents(scores),
            empty_is_coded=settings.empty_is_coded,
            encoding=settings.encoding,
        )
        notes.append(note)
    estimates, contrasts = _estimate_domains(totals, evidence, settings, doubt)
    if others and not settings.labels_only:
        names = [*(str(model["model_id"]) for model in totals.models[:1]), *(o.scores.name for o in others)]
        notes.append(note_weights(names, frames, evidence.mixture.mean_weights))
        notes += [] if OF_UNKNOWN_MAKING in notes else [OF_UNKNOWN_MAKING]
    against = settings.wanted.against
    if against is not None and not any(contrast.first == against for contrast in contrasts):
        cautions.append(
            f"--against {against}: nothing of that name has an estimate, so there are no differences"
        )
    return ShareReport(
        unit,
        estimates,
        target,
        (*totals.models, *(other.describe(int(totals.cells["n"].sum())) for other in others)),
        coded.sample_ids,
        settings.confidence,
        tuple(notes),
        (*caution, *cautions),
        contrasts,
    )


def _estimate_domains(
    totals: ScoreTotals,
    evidence: Evidence | None,
    settings: ShareSettings,
    doubt: CoderDoubt | None = None,
) -> tuple[tuple[ShareEstimate, ...], tuple[Contrast, ...]]:
    estimates: list[ShareEstimate] = []
    contrasts: list[Contrast] = []
    for kind in dict.fromkeys(settings.domains):
        domains = [
            _DomainShares.estimate(place, rows, totals, evidence, settings, doubt=doubt)
            for place, rows in group_cells(totals.cells, kind)
        ]
        known = [domain for domain in domains if domain.corrected is not None]
        together: list[dict[str, Estimate]] = [{} for _ in totals.frame_ids]
        for i, frame in enumerate(totals.frame_ids) if known else ():
            joint = JointShares.of([d.name for d in known], [d.corrected for d in known if d.corrected], i)
            together[i] = dict(zip(joint.names, bound_together(joint, settings.confidence), strict=True))
            if kind not in (WHOLE, "channel_month"):
                contrasts += find_contrasts(joint, kind, frame, settings.wanted, settings.confidence)
        estimates += [
            domain.describe(kind, frame, i, together[i])
            for domain in domains
            for i, frame in enumerate(totals.frame_ids)
        ]
    return tuple(estimates), tuple(contrasts)


@dataclass(frozen=True, eq=False)
class _DomainShares:
    """Both estimates of all frames in a domain; None where labels are too few."""

    place: dict[str, str]
    n_units: int
    raw: Floats
    n_labelled: int
    n_independent: int
    classical: Shares | None = None
    corrected: Shares | None = None
    coders: tuple[Estimate, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from the others of its kind."""
        return ", ".join(self.place.values())

    @classmethod
    def estimate(
        cls,
        place: dict[str, str],
        rows: NDArray[np.int64],
        totals: ScoreTotals,
        evidence: Evidence | None,
        settings: ShareSettings,
        *,
        doubt: CoderDoubt | None,
    ) -> "_DomainShares":
        """Of the cells at these rows."""
        n_units = int(totals.cells["n"].to_numpy()[rows].sum())
        raw = totals.decided[rows].sum(axis=0) / n_units
        if evidence is None:
            return cls(place, n_units, raw, 0, 0)
        inside = np.ones(len(evidence.design), bool)
        for name, value in place.items():
            inside &= (evidence.cells[name].astype(str) == value).to_numpy(bool)
        n_labelled = int(inside.sum())
        n_independent = len(np.unique(evidence.design.clusters[inside]))
        if n_independent < FEWEST_LABELLED and n_labelled < n_units:
            return cls(place, n_units, raw, n_labelled, n_independent)
        design = evidence.design
        means = np.stack([sums[rows].sum(axis=0) / n_units for sums in (totals.probability, *totals.others)])
        expected = evidence.mixture.expect(means, design, inside)
        if n_labelled == n_units:  # nothing is left to chance, however the units were drawn
            design = Design(np.where(inside, 1.0, design.inclusion), inside.astype(np.int64), design.clusters)
        classical, corrected = (
            estimate_means(
                evidence.labels,
                evidence.mixture.predictions,
                expected,
                design,
                in_domain=inside,
                power=power,
                confidence=settings.confidence,
            )
            for power in (0.0, 0.0 if settings.labels_only else None)
        )
        coders = (
            ()
            if doubt is None
            else doubt.bound(corrected.value, evidence.labels, 1 / design.inclusion, inside)
        )
        return cls(place, n_units, raw, n_labelled, n_independent, classical, corrected, tuple(coders))

    def describe(self, kind: str, frame: str, i: int, together: dict[str, Estimate]) -> ShareEstimate:
        """Of frame number i, with the simultaneous intervals of the kind by name of the domain."""
        channel, month = self.place.get("channel"), self.place.get("month")
        group = None if channel or month or not self.place else self.name
        counts = (self.n_units, self.n_labelled, self.n_independent, float(self.raw[i]))
        if self.classical is None or self.corrected is None:
            needed = FEWEST_LABELLED - self.n_independent
            return ShareEstimate(kind, channel, month, group, frame, *counts, labels_needed=needed)
        return ShareEstimate(
            kind,
            channel,
            month,
            group,
            frame,
            *counts,
            classical=_as_estimate(self.classical, i),
            corrected=_as_estimate(self.corrected, i),
            simultaneous=together.get(self.name, NO_ESTIMATE),
            coders=self.coders[i] if self.coders else NO_ESTIMATE,
            power=float(self.corrected.power[i]),
            standard_error=float(np.sqrt(self.corrected.variance[i])),
            labels_needed=0,
        )


def _as_estimate(shares: Shares, i: int) -> Estimate:
    return Estimate(float(shares.value[i]), float(shares.low[i]), float(shares.high[i]))
