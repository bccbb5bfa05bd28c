"""The daily job of a project: ingest and score what is new, look for edits and rises, renew results, measure drift.

Every stage is the function behind the command of that name, each of which may be stopped anywhere and started again.
What a run has done stands in PROJECT/.frames/state.json, written after it was done: a run that was killed is followed
by one that does at least what was left, and what has to be told to a person is told until a summary has told it.
"""

import hashlib
import json
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.commands.update_state import STATE, UpdateState, stamp_inputs, stamp_posts
from pipeline.config.project import InboxSettings, Need, Project
from pipeline.data.posts.inbox import find_changed, stamp_inbox
from pipeline.errors import DataError, PipelineError, list_names
from pipeline.files.durable_files import explain_full_disk, remove_leftovers
from pipeline.files.folder_lock import FolderInUseError, lock_folder
from pipeline.files.json_files import replace_json

if TYPE_CHECKING:
    from pipeline.bundle import ModelBundle
    from pipeline.classifiers.protocols import Progress
    from pipeline.prevalence.share_records import ShareReport

STATE_FOLDER: Final = ".frames"
LEAST_COVERED: Final = 0.8  # of the units; a sample that speaks of fewer is to be topped up
_REJECTS: Final = "rejects.jsonl"
BUSY: Final = 3  # exit status where another run is at work
# What a run may need of a person, most urgent first, and the exit status that says so.
EXIT_CODES: Final[dict[Need, int]] = {"model": 4, "rejects": 5, "drift": 6, "sample": 7, "rising": 8}
DONE, NOTHING_NEW, NEEDS, FAILED = "done", "nothing new", "needs a person", "failed"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes:
        status: DONE, NOTHING_NEW, NEEDS or FAILED.
        code: exit status.
        needs: what needs a person: "what" (a key of EXIT_CODES), "message", and whether the project's file says that it
            is "known".
        started_at: ISO time, UTC; seconds: from start to end.
        stages: results of "ingest", "predict", "edits", "rising", "shares", "report" and "drift", as far as the project
            has them; where nothing was new those of the last run that did something.
    """

    status: str
    code: int
    needs: tuple[dict[str, Any], ...]
    started_at: str
    seconds: float
    stages: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "status": self.status,
            "code": self.code,
            "needs": list(self.needs),
            "error": self.error,
            "started_at": self.started_at,
            "seconds": round(self.seconds, 2),
            "version": version("narrative-frames"),
            "stages": self.stages,
        }


def update_project(
    project: Project, *, rescore: bool = False, on_progress: "Progress" = lambda *_: None
) -> Summary:
    """Do what is to be done in a project, and write its summary.

    Args:
        project: see `load_project`.
        rescore: let a model that is new to the scores score everything again.
        on_progress: told what is being done, steps done and in all.

    Raises:
        FolderInUseError: another run is at work; nothing was done.
        PipelineError: a stage could not be done; the summary says so, and what was done before stays.
    """
    folder = project.folder / STATE_FOLDER
    folder.mkdir(exist_ok=True)
    with explain_full_disk(folder), lock_folder(folder):
        run = _Run(project, folder, rescore, on_progress)
        try:
            summary = run.do()
        except PipelineError as error:
            code = BUSY if isinstance(error, FolderInUseError) else 1
            run.write(replace(run.summarise(), status=FAILED, code=code, error=str(error)))
            raise
        run.write(summary)
        run.keep_state()
        return summary


class _Run:
    """One run: its state, what it found that needs a person, and results by stage."""

    def __init__(self, project: Project, folder: Path, rescore: bool, on_progress: "Progress") -> None:
        self.project = project
        self.settings = project.settings
        self.folder = folder
        self.rescore = rescore
        self.on_progress = on_progress
        self.state = UpdateState.read(folder)
        self.needs = list(self.state.told)
        self.stages: dict[str, Any] = {}
        self.began, self.started_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")

    def do(self) -> Summary:
        """All stages, or none where nothing is new."""
        for path in (*self.project.outputs, self.folder / STATE, self.folder / _REJECTS):
            remove_leftovers(path)
        self.ingest()
        posts = self.project.path(self.settings.posts)
        before, finished = stamp_inputs(self.project, self.state), self.state.finished
        if not posts.exists() or (before == finished and before["model"] is not None):
            return self.summarise(is_new=False)
        bundle = self._load_model()
        if bundle is None:
            return self.summarise()
        now = before | {"bundle": bundle.bundle_hash}
        if finished is not None and now == finished | {
            "model": before["model"]
        }:  # only the store was changed
            self.state.finished = now
            return self.summarise(is_new=False)
        self.predict(bundle, posts)
        self.watch(bundle, posts)
        self.measure_drift(bundle, self.renew_results(bundle))
        after = stamp_inputs(self.project, self.state)
        self.state.finished = now | {name: after[name] for name in ("scores", "outputs")}
        return self.summarise()

    # What was done, and what is told of it

    def need(self, what: Need, message: str) -> None:
        """Note what needs a person."""
        self.needs.append((what, message))

    def summarise(self, *, is_new: bool = True) -> Summary:
        """The summary of a run that ends now; where nothing was new, with what the last one found."""
        needs = [
            {"what": what, "message": message, "known": what in self.settings.known}
            for what, message in dict.fromkeys(self.needs)
        ]
        told = {need["what"] for need in needs if not need["known"]}
        code = next((code for what, code in EXIT_CODES.items() if what in told), 0)
        status = NEEDS if code else DONE if is_new else NOTHING_NEW
        if not is_new:
            last = self._read_last()
            needs += [need for need in last.get("needs", []) if need not in needs]
            self.stages = last.get("stages", {}) | {k: v for k, v in self.stages.items() if v}
        seconds = time.monotonic() - self.began
        return Summary(status, code, tuple(needs), self.started_at, seconds, self.stages)

    def _read_last(self) -> dict[str, Any]:
        try:
            last = json.loads(self.project.path(self.settings.summary).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return last if isinstance(last, dict) else {}

    def write(self, summary: Summary) -> None:
        """Write the summary under its final name in one step."""
        path = self.project.path(self.settings.summary)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_json(path, summary.to_json())

    def keep_state(self) -> None:
        """Keep what was done, all of which the summary has told."""
        self.state.told = []
        self.state.write(self.folder)

    # Stages

    def ingest(self) -> None:
        """Read what is new in each inbox."""
        posts = self.project.path(self.settings.posts)
        before = self.state.inboxes if self.state.posts == stamp_posts(posts) else {}
        inboxes: dict[str, dict[str, str]] = {}
        reports: list[dict[str, Any]] = []
        for settings in self.settings.inputs:
            key = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()
            now = stamp_inbox(self.project.path(settings.folder), self.project.outputs)
            changed = find_changed(now, before.get(key, {}))
            failed = self._read(settings, posts, changed, reports) if changed else set()
            inboxes[key] = {name: stamp for name, stamp in now.items() if name not in failed}
        self.state.inboxes, self.state.posts, self.state.told = inboxes, stamp_posts(posts), list(self.needs)
        self.stages["ingest"] = reports
        self.state.write(self.folder)

    def _read(
        self, settings: InboxSettings, posts: Path, changed: set[str], reports: list[dict[str, Any]]
    ) -> set[str]:
        """Ingest files of one inbox; those that could not be read to their end, which the next run tries again."""
        from pipeline.data.exports.raw_posts import ReadOptions
        from pipeline.data.posts.export_reader import NothingReadError
        from pipeline.data.posts.ingest import ingest

        inbox = self.project.path(settings.folder)
        options = ReadOptions(
            channel=settings.channel,
            columns=settings.columns,
            utc_offset_hours=settings.utc_offset,
            timezone=settings.timezone,
            date_order=settings.date_order,
            encoding=settings.encoding,
        )
        try:
            report = ingest(
                [inbox],
                posts,
                options,
                format_name=settings.format,
                on_progress=lambda done: self.on_progress("reading posts", done, 0),
                only={inbox / name for name in changed},
            )
        except NothingReadError as error:
            self.need("rejects", f"{settings.folder}: {list_names(sorted(changed), 5)}: {error}")
            return changed
        reports.append({"inbox": settings.folder, **report.to_json()})
        if report.rejects_path is not None:
            self._keep_rejects(report.rejects_path)
            self.need(
                "rejects",
                f"{settings.folder}: {report.rejected:,} records could not be used, all listed in "
                f"{self.folder.name}/{_REJECTS}; the first: {report.first_reject}",
            )
        for _, message in report.failed_files:
            self.need("rejects", f"{message}; mend it or take it out of {settings.folder}")
        failed = {name for name, _ in report.failed_files}
        return {name for name in changed if (Path(inbox.name) / name).as_posix() in failed}

    def _keep_rejects(self, path: Path) -> None:
        from pipeline.scoring.score_output import add_rejects

        with path.open(encoding="utf-8") as lines:
            add_rejects(self.folder / _REJECTS, lines)

    def _load_model(self) -> "ModelBundle | None":
        """The model that scores; None, and a need, where it cannot be had or is not the one that scored before."""
        from pipeline.bundle import load_bundle
        from pipeline.commands.options import find_model, is_folder_name

        name = self.settings.model
        try:
            place = str(self.project.path(name)) if is_folder_name(name) else name
            bundle = load_bundle(find_model(place, self.project.tracking_uri))
        except PipelineError as error:
            if name.startswith("models:/") and not _has_store(self.project):
                self.need("model", "no model yet: frames train, then frames promote")
                return None
            self.need("model", f"{error}; key 'model' of the project's file names the model")
            return None
        if other := self._find_other_model(bundle):
            self.need("model", other)
            return None
        return bundle

    def _find_other_model(self, bundle: "ModelBundle") -> str | None:
        """Why these scores may not be gone on with by this model."""
        from pipeline.scoring.score_queries import list_models
        from pipeline.scoring.score_tables import ScoreTables

        tables = ScoreTables.open(self.project.path(self.settings.scores))
        if tables is None:
            return None
        if tables.frame_ids != bundle.frame_ids:
            return (
                f"{self.settings.scores}: its frames are not those of {bundle.model_id}; name another folder under "
                "'scores', or the former model under 'model'"
            )
        models = list_models(tables)
        if self.rescore or not models or bundle.bundle_hash in models:
            return None
        return (
            f"{self.settings.scores}: scored by {', '.join(sorted(models.values()))}; the model is now "
            f"{bundle.model_id}. `frames update --rescore` scores everything by it, beside the older scores; or name "
            "the former one under 'model'"
        )

    def predict(self, bundle: "ModelBundle", posts: Path) -> None:
        """Score what is new."""
        from pipeline.scoring.prediction import predict
        from pipeline.scoring.score_output import REJECTS, add_rejects

        scores = self.project.path(self.settings.scores)
        report = predict([posts], bundle, scores, rescore=self.rescore, on_progress=self.on_progress)
        self.stages["predict"] = report.to_json()
        listed = self.folder / _REJECTS
        if listed.exists():  # so that the report shows them
            with lock_folder(scores), listed.open(encoding="utf-8") as lines:
                add_rejects(scores / REJECTS, lines)

    def measure_drift(self, bundle: "ModelBundle", shares: "ShareReport") -> None:
        """Compare the posts with what the model learnt from, and with what the coded sample shows."""
        from pipeline.evaluation.drift_check import measure_drift, note_left_out
        from pipeline.prevalence.share_records import find_absent

        self.on_progress("measuring drift", 0, 0)
        try:
            report = measure_drift(
                self.project.path(self.settings.scores), bundle, absent=find_absent(shares.estimates)
            )
        except DataError as error:  # such as a model that keeps no reference
            self.stages["drift"] = {"not_measured": str(error)}
            return
        self.stages["drift"] = report.to_json()
        warnings = [warning for warning in report.warnings if warning != note_left_out(report)]
        if warnings:
            self.need("drift", "; ".join(warnings))

    def watch(self, bundle: "ModelBundle", posts: Path) -> None:
        """Look for what changed after it was published, and for frames that rise."""
        from pipeline.monitoring.edits import find_edits
        from pipeline.monitoring.rising import find_rising

        scores = self.project.path(self.settings.scores)
        self.on_progress("looking for edits and rises", 0, 0)
        self.stages["edits"] = find_edits(posts, scores, bundle).to_json()
        report = find_rising(scores, level=self.settings.alert_level)
        self.stages["rising"] = report.to_json()
        for rise in report.alerts:
            if rise.frame not in self.state.rising:  # an alert is news on the day on which it begins
                self.need(
                    "rising",
                    f"{rise.frame} rises: raw share {rise.before:.1%} before {rise.since}, {rise.after:.1%} since; "
                    f"e-value {rise.e_value:,.0f}, alert from {rise.needed:,.0f} on",
                )
        self.state.rising = [rise.frame for rise in report.alerts]

    def renew_results(self, bundle: "ModelBundle") -> "ShareReport":
        """Shares and report, corrected by the coded sample if there is one that can be used."""
        samples = self.project.samples
        if not samples:
            size = min(400, _count_units(self.project.path(self.settings.scores), "post"))
            self.need(
                "sample",
                f"no coded sample: shares are raw counts with the classifier's errors. frames sample "
                f"{self.settings.scores} --unit post -n {size} -o sample.csv; code it; name it under 'sample'",
            )
            return self._write_results(bundle, [])
        try:
            return self._write_results(bundle, samples)
        except DataError as error:
            self.need("sample", f"the coded sample cannot be used, shares are raw counts: {error}")
        return self._write_results(bundle, [])

    def _write_results(self, bundle: "ModelBundle", samples: list[Path]) -> "ShareReport":
        from pipeline.commands.share_tables import write_shares
        from pipeline.prevalence.domains import DOMAINS
        from pipeline.prevalence.share_estimates import report_shares
        from pipeline.reporting.events import read_events
        from pipeline.reporting.html_report import write_report

        settings, scores = self.settings, self.project.path(self.settings.scores)
        self.on_progress("estimating shares", 0, 0)
        found = report_shares(
            scores, samples or None, domains=(*DOMAINS, "language"), empty_is_coded=settings.empty_is_coded
        )
        shares = replace(found, estimates=tuple(e for e in found.estimates if e.domain in DOMAINS))
        self.stages["shares"] = {
            "file": settings.shares,
            "target": shares.target,
            "cautions": list(shares.cautions),
            "notes": list(shares.notes),
            "estimates": [estimate.to_json() for estimate in shares.estimates if estimate.domain == "whole"],
        }
        if settings.shares is not None:
            write_shares(self.project.path(settings.shares), shares)
        if settings.report is not None:
            self.on_progress("writing the report", 0, 0)
            written = write_report(
                scores,
                self.project.path(settings.report),
                bundle=bundle,
                sample=samples,
                empty_is_coded=settings.empty_is_coded,
                posts=self.project.path(settings.posts),
                title=settings.title,
                events=read_events(self.project.path(settings.events)) if settings.events else (),
                link=settings.link_template,
                figures=self.project.path(settings.figures) if settings.figures else None,
                timezone=settings.report_timezone,
            )
            self.stages["report"] = written.to_json()
        if samples and (message := _find_uncovered(scores, shares)):
            self.need("sample", message)
        return found


def _has_store(project: Project) -> bool:
    """Whether something was trained: false only where the store would be an sqlite file that is not there."""
    from pipeline.tracking.store_uri import sqlite_path

    store = sqlite_path(project.tracking_uri)
    return store is None or store.exists()


def _count_units(scores: Path, unit: str) -> int:
    """Posts or sentences that could be drawn."""
    from pipeline.scoring.read_scores import open_scores

    table = "current_posts WHERE n_sentences > 0" if unit == "post" else "current_sentences"
    with open_scores(scores) as connection:
        [(n,)] = connection.sql(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - names of ours
    return int(n)


def _find_uncovered(scores: Path, shares: "ShareReport") -> str | None:
    """What to do where much of the output came after the sample was drawn."""
    n = _count_units(scores, shares.unit)
    covered = next(estimate.n_units for estimate in shares.estimates if estimate.domain == "whole")
    if covered >= LEAST_COVERED * n:
        return None
    return (
        f"the coded sample speaks of {covered:,} of {n:,} {shares.unit}s; the others came after it was drawn. frames "
        f"sample {scores.name} --unit {shares.unit} --top-up SAMPLE -n {min(200, n - covered)} -o more.csv; code "
        "it; name both under 'sample'"
    )
