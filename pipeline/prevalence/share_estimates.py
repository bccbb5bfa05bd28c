"""Which share of the output carries each frame: whole, and in each of its parts; differences and trends of them.

The target is the units in this output folder (posts, or sentences, with at least one scored sentence) that could have
been drawn for the sample, not what else the channels may have written. The prediction is the calibrated probability,
which says more than the decision; the raw share counts decisions and stands beside the estimates uncorrected.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, DataError
from pipeline.prevalence.coder_doubt import read_doubt
from pipeline.prevalence.domain_shares import estimate_domains
from pipeline.prevalence.domains import (
    PERIOD,
)
from pipeline.prevalence.drawn_units import find_drawn_units
from pipeline.prevalence.labelled_sample import LabelledSample, find_sample_unit, read_labelled_sample
from pipeline.prevalence.other_scores import PlacedScores, add_others, place_others
from pipeline.prevalence.score_totals import (
    look_up_scores,
    read_frames,
    read_parents,
    sum_scores,
)
from pipeline.prevalence.scored_labels import INSIDE, ScoredLabels, adjust_totals, keep_inside
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
    ShareEstimate,
    ShareReport,
)
from pipeline.prevalence.share_settings import ShareSettings
from pipeline.prevalence.text_checks import TextChecks, check_texts, mark_changed

Samples = Path | Sequence[Path] | None


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
    estimates, _ = estimate_domains(totals, None, settings)
    n_units = int(totals.cells["n"].sum())
    how = (
        "these are raw counts of the classifier's decisions, with its errors; an interval cannot be had without "
        f"labels: draw a sample with `frames sample {scores} --unit {unit} -n {min(400, n_units)} -o sample.csv`, "
        "code it, and give it with --sample"
    )
    return ShareReport(
        unit,
        estimates,
        describe_target(scores, unit, n_units, None)[0],
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
    scored = ScoredLabels.join(
        coded, look_up_scores(scores, unit, frames, keys, coded.units), frames, all_frames
    )
    if replacement is not None:
        columns = [all_frames.index(frame) for frame in frames]
        new = replacement.probability[:, columns]
        old = look_up_scores(scores, unit, frames, keys, replacement.units)
        totals = adjust_totals(totals, old, new, list(keys))
        scored = scored.with_scores(replacement, new)
    if others:
        totals = add_others(scores, totals, keys, others)
        scored = scored.with_others([other.look_up(scores, unit, scored.units) for other in others])

    totals = keep_inside(totals)
    target, caution = describe_target(scores, unit, int(totals.cells["n"].sum()), drawn)
    cautions += describe_fit(coded, unit, int(totals.cells["n"].sum()), drawn)
    cautions += note_left_out(scored.missing, scored.outside)
    doubt = None
    if settings.codings:
        doubt, note = read_doubt(
            samples,
            settings.codings,
            scored.units,
            scored.labels,
            frames,
            all_frames=all_frames,
            parents=read_parents(scores),
            empty_is_coded=settings.empty_is_coded,
            encoding=settings.encoding,
        )
        notes.append(note)
    estimates, contrasts = estimate_domains(totals, scored, settings, doubt)
    if others and not settings.labels_only:
        names = [*(str(model["model_id"]) for model in totals.models[:1]), *(o.scores.name for o in others)]
        notes.append(note_weights(names, frames, scored.mixture.mean_weights))
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
