"""A sweep from a config to the best settings: trials one after another, each a child run in MLflow.

Trials are given train and dev alone. The test fold is looked at once, when the best settings are trained as any other
config is.
"""

import hashlib
import json
import shutil
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.classifiers.protocols import FitContext, Progress
from pipeline.config.run_config import RunConfig
from pipeline.config.sweep import SweepSettings
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.splits import Folds
from pipeline.errors import PipelineError
from pipeline.files.durable_files import replacing
from pipeline.files.folder_lock import lock_folder
from pipeline.tracking.mlflow_tracker import MlflowTracker, close_interrupted, resume_run
from pipeline.training.fit_model import check_positives, read_folds
from pipeline.training.sweep.judge import describe_task, judge_settings, without_test
from pipeline.training.sweep.records import State, SweepResult, TrialRecord, rank, trial_table
from pipeline.training.sweep.space import check_space, config_with, portable_config
from pipeline.training.sweep.study import Pruned, SweepStudy, Trial

BEST_FILE = "best.yaml"
_FOLDER = "sweeps"
_HOPELESS = 3  # trials that fail before any has not: something is wrong with more than their settings


Report = Callable[[TrialRecord, TrialRecord | None, int], None]  # trial, best so far, finished trials


def run_sweep(
    config: RunConfig,
    path: Path,
    progress: Progress,
    report: Report = lambda _record, _best, _finished: None,
) -> SweepResult:
    """Try settings until as many trials as wanted have finished, and write the best as a config.

    The same command goes on where a killed one stopped. Another space, other data or other settings that trials
    depend on are another sweep; more trials are the same.

    Args:
        config: with its section `sweep`.
        path: of its file, for messages.
        progress: told of each trial.
        report: told of each trial that has finished.

    Raises:
        ConfigError: a space that cannot be tried.
        DataError: labels that cannot be used; another process works on this sweep.
        MissingExtraError: Optuna is not installed.
        PipelineError: every trial failed; the MLflow store failed.
    """
    settings = check_space(config, path)
    codebook = load_codebook(Path(config.data.codebook))
    folds = read_folds(config, codebook)
    frame_notes = check_positives(folds, config.decisions)
    known = without_test(folds)
    key = describe_task(config, codebook, known, folds.test)[:16]
    folder = Path(config.output) / _FOLDER / f"{config.name.replace(' ', '_')}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder):
        study = SweepStudy(folder, config, settings)
        with _open_parent(study, config, known) as parent:
            sweep = _Sweep(
                config, settings, codebook, known, folds.test, folder, study, parent, progress, report
            )
            sweep.run_trials()
            return sweep.conclude((*folds.notes, *frame_notes))


def _open_parent(study: SweepStudy, config: RunConfig, known: Folds) -> MlflowTracker:
    """The MLflow run of the sweep, a new one or that of the process that was killed."""
    interrupted = study.requeue_interrupted()
    if study.parent_run_id is not None:
        resumed = resume_run(config.tracking, study.parent_run_id)
        if resumed is not None:
            close_interrupted(config.tracking, resumed.run_id, "trial", set(map(str, interrupted)))
            return resumed
    tags = {"kind": "sweep", "classifier": config.model.kind}
    parent = MlflowTracker.start(config.tracking, f"{config.name} sweep", tags=tags)
    parent.log_config(config.model_dump(mode="json"))
    for data, context in ((known.train, "train"), (known.dev, "dev")):
        parent.log_dataset(data, context)
    study.parent_run_id = parent.run_id
    return parent


class _TrialFailedError(Exception):
    """Ends the child run as failed."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a fit."""

    state: State
    reason: str | None
    figures: dict[str, float]

    @property
    def tags(self) -> dict[str, str]:
        return {"state": self.state, **({} if self.reason is None else {"reason": self.reason})}

    def raise_if_failed(self) -> None:
        if self.state == "failed":
            raise _TrialFailedError


@dataclass(frozen=True, slots=True)
class _Sweep:
    config: RunConfig
    settings: SweepSettings
    codebook: Codebook
    known: Folds
    hidden: LabelledData
    folder: Path
    study: SweepStudy
    parent: MlflowTracker
    progress: Progress
    report: Report

    def run_trials(self) -> None:
        """Try settings until enough trials have finished or time is up."""
        minutes = self.settings.timeout_minutes
        stop_at = float("inf") if minutes is None else time.monotonic() + 60 * minutes
        finished = len(self.study.finished())
        self.progress("sweep", finished, self.settings.trials)
        while finished < self.settings.trials and time.monotonic() < stop_at:
            self._run_trial(*self.study.ask())
            records = self.records()
            finished, best = len(records), next(iter(rank(records)), None)
            self.progress("sweep", finished, self.settings.trials)
            self.report(records[-1], best, finished)
            if best is not None and best.value is not None:
                self.parent.log_metric(f"best_{self.settings.metric}", best.value, finished)
            if finished >= _HOPELESS and all(record.state == "failed" for record in records):
                raise PipelineError(f"all {finished} trials failed, the last with: {records[-1].reason}")

    def records(self) -> list[TrialRecord]:
        """Finished trials in the order in which they ended."""
        ended = sorted(self.study.finished(), key=lambda trial: trial.datetime_complete or trial.number)
        return [
            TrialRecord(
                number=trial.number,
                state=trial.user_attrs["state"],
                value=trial.value if trial.user_attrs["state"] == "complete" else None,
                tried=self.study.values_of(trial),
                figures=trial.user_attrs["figures"],
                reason=trial.user_attrs["reason"],
                run_id=trial.user_attrs["run_id"],
            )
            for trial in ended
        ]

    def _run_trial(self, trial: Trial, values: dict[str, Any]) -> None:
        name = f"{self.config.name} trial {trial.number}"
        tags = {"kind": "trial", "trial": str(trial.number), "classifier": self.config.model.kind}
        child = MlflowTracker.start(self.config.tracking, name, parent_run_id=self.parent.run_id, tags=tags)
        with suppress(_TrialFailedError), child:
            outcome = self._attempt(trial, values, name, child)
            child.log_metrics(outcome.figures)
            child.set_tags(outcome.tags)
            outcome.raise_if_failed()
        value = outcome.figures.get(self.settings.metric)
        details = {**asdict(outcome), "run_id": child.run_id}
        self.study.tell(trial, value, pruned=outcome.state == "pruned", details=details)
        shutil.rmtree(self._work_folder(values), ignore_errors=True)

    def _attempt(self, trial: Trial, values: dict[str, Any], name: str, child: MlflowTracker) -> "_Outcome":
        start = time.monotonic()
        figures: dict[str, float] = {}
        state: State = "complete"
        reason = None
        try:
            figures |= self._judge(trial, values, name, child)
        except Pruned as pruned:
            state, reason = "pruned", str(pruned)
        except Exception as error:  # noqa: BLE001 - one odd setting must not end a night's sweep
            state, reason = "failed", _describe(error)
            child.log_text(traceback.format_exc(), "error.txt")
        return _Outcome(state, reason, {**figures, "seconds": round(time.monotonic() - start, 3)})

    def _judge(
        self, trial: Trial, values: dict[str, Any], name: str, child: MlflowTracker
    ) -> dict[str, float]:
        config = config_with(self.config, values, name=name)
        child.log_config(config.model_dump(mode="json", exclude={"sweep"}))
        watch = self.study.watch(trial)

        def log_metric(name: str, value: float, step: int) -> None:
            child.log_metric(name, value, step)
            watch(name, value, step)

        context = FitContext(config.seed, self._work_folder(values), log_metric, self.progress)
        context.work_folder.mkdir(parents=True, exist_ok=True)
        return judge_settings(config, self.codebook, self.known, self.hidden, context)

    def _work_folder(self, values: dict[str, Any]) -> Path:
        """Named by the values, so that a trial that was interrupted goes on from its checkpoint."""
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return self.folder / "work" / digest[:16]

    def conclude(self, notes: tuple[str, ...]) -> SweepResult:
        """Write and record the best settings and the table of all trials."""
        records = self.records()
        best = next(iter(rank(records)), None)
        best_config = None if best is None else self._write_best(best, len(records))
        result = SweepResult(
            metric=self.settings.metric,
            frames=len(self.codebook.frames),
            wanted=self.settings.trials,
            records=tuple(records),
            importances=self.study.importances(),
            best_config=best_config,
            run_id=self.parent.run_id,
            tracking_uri=self.parent.tracking_uri,
            notes=(*notes, *self._notes(records)),
        )
        self.parent.log_table(trial_table(records), "trials.csv")
        self.parent.log_dict(result.to_json(), "sweep.json")
        if best is not None and best_config is not None:
            self.parent.log_text(best_config.read_text(encoding="utf-8"), BEST_FILE)
            self.parent.set_tags({"best_trial": str(best.number), "best_run_id": str(best.run_id)})
        return result

    def _notes(self, records: list[TrialRecord]) -> tuple[str, ...]:
        optimism = (
            "the best of many trials looks better on the rows that chose it than it is: report the test figures of "
            "frames train"
        )
        if len(records) >= self.settings.trials:
            return (optimism,)
        unfinished = (
            f"time was up after {len(records)} of {self.settings.trials} trials: the same command goes on"
        )
        return (optimism, unfinished)

    def _write_best(self, best: TrialRecord, n: int) -> Path:
        raw = portable_config(config_with(self.config, best.tried, name=f"{self.config.name}-best"))
        path = self.folder / BEST_FILE
        head = (
            f"# Made by frames sweep: trial {best.number}, the best of {n} by {self.settings.metric} "
            f"({best.value:.4f}), without the test fold.\n#   frames train {path}\n"
        )
        with replacing(path) as temporary:
            text = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False)
            temporary.write_text(head + text, encoding="utf-8")
        return path


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
