"""The memory of a sweep: an Optuna study in an sqlite file, which a killed process leaves whole."""

import json
import sqlite3
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.run_config import RunConfig
from pipeline.config.sweep import SweepSettings
from pipeline.errors import MissingExtraError, PipelineError
from pipeline.training.sweep.space import is_whole

try:
    import optuna
    from optuna.trial import FrozenTrial, TrialState
except ImportError:
    raise MissingExtraError("optuna", "sweep") from None

FILE = "sweep.db"
DEV_SCORE = "dev_mean_average_precision"  # what a fit reports after each epoch
_STUDY = "sweep"
_SCORED_STEPS, _CONTINUES, _INTERRUPTED = "scored_steps", "continues", "interrupted"
_BUSY_SECONDS = 60.0
_FEWEST_FOR_IMPORTANCE = 10
_FIRST_PRUNED_EPOCH = 2  # the first says little: rates are still rising

Pruned = optuna.TrialPruned
Trial = optuna.Trial


class SweepStudy:
    """Trials of one sweep.

    Each trial is drawn by a sampler whose seed is that of the sweep and the number of trials before it. So a sweep
    that was killed and taken up tries the same settings as one that was not.

    Args:
        folder: of the sweep; its database is made if there is none.
        config: of the sweep.
        settings: its section `sweep`.

    Raises:
        PipelineError: the database cannot be read.
    """

    def __init__(self, folder: Path, config: RunConfig, settings: SweepSettings) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._config = config
        self._settings = settings
        path = folder / FILE
        try:
            storage = optuna.storages.RDBStorage(
                "sqlite://",  # not the path: some characters of it would mean something in a URL
                engine_kwargs={"creator": partial(sqlite3.connect, path, timeout=_BUSY_SECONDS)},
            )
            self._study = optuna.create_study(
                storage=storage,
                study_name=_STUDY,
                direction="maximize",
                load_if_exists=True,
                pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=_FIRST_PRUNED_EPOCH)
                if settings.pruner
                else optuna.pruners.NopPruner(),
            )
        except Exception as error:  # SQLAlchemy, sqlite and Optuna each have their own for a damaged file
            raise PipelineError(
                f"{path}: not readable as the memory of a sweep ({str(error).splitlines()[0]}); "
                "delete its folder to begin anew"
            ) from error

    @property
    def parent_run_id(self) -> str | None:
        """The MLflow run of this sweep, once there is one."""
        found = self._study.user_attrs.get("parent_run_id")
        return None if found is None else str(found)

    @parent_run_id.setter
    def parent_run_id(self, run_id: str) -> None:
        self._study.set_user_attr("parent_run_id", run_id)

    def requeue_interrupted(self) -> list[int]:
        """Trials that were running when a process ended are to be run again; their numbers."""
        trials = self._study.get_trials(deepcopy=False)
        cut_off = [trial for trial in trials if trial.state == TrialState.RUNNING]
        queued = {trial.user_attrs.get(_CONTINUES) for trial in trials if trial.state == TrialState.WAITING}
        for trial in cut_off:
            # One that was cut off before all its values were drawn is drawn again, to the same values.
            # First queued, then closed: a process that dies in between would else lose it.
            if set(trial.params) == set(self._settings.space) and trial.number not in queued:
                steps = trial.user_attrs.get(_SCORED_STEPS, [])
                attributes = {_SCORED_STEPS: steps, _CONTINUES: trial.number}
                self._study.enqueue_trial(trial.params, user_attrs=attributes)
            self._study.set_user_attr(_INTERRUPTED, [*self._interrupted, trial.number])
            self._study.tell(trial.number, state=TrialState.FAIL)
        return [trial.number for trial in cut_off]

    @property
    def _interrupted(self) -> list[int]:
        return list(self._study.user_attrs.get(_INTERRUPTED, []))

    def finished(self) -> list[FrozenTrial]:
        """Trials that count: complete, pruned, or failed by their own fault."""
        interrupted = set(self._interrupted)
        return [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state.is_finished() and trial.number not in interrupted
        ]

    def ask(self) -> tuple[Trial, dict[str, Any]]:
        """The next trial and its values by their keys."""
        seed = np.random.SeedSequence([self._settings.seed, len(self.finished())]).generate_state(1)[0]
        self._study.sampler = optuna.samplers.TPESampler(seed=int(seed))
        trial = self._study.ask()
        return trial, {key: self._suggest(trial, key) for key in self._settings.space}

    def tell(self, trial: Trial, value: float | None, *, pruned: bool, details: Mapping[str, Any]) -> None:
        """Close a trial: with a value it is complete, else pruned or failed."""
        for name, detail in details.items():
            trial.set_user_attr(name, detail)
        state = TrialState.COMPLETE if value is not None else TrialState.PRUNED if pruned else TrialState.FAIL
        self._study.tell(trial, value, state=state)

    def watch(self, trial: Trial) -> Callable[[str, float, int], None]:
        """What a fit reports to; raises `Pruned` when the trial is not worth its time.

        Epochs are counted, not steps: trials with other batches have other steps. Where an interrupted trial is
        gone on with from a checkpoint, its epochs keep their numbers.
        """
        steps: list[int] = list(trial.user_attrs.get(_SCORED_STEPS, []))

        def report(name: str, value: float, step: int) -> None:
            if name != DEV_SCORE:
                return
            if step not in steps:
                steps.append(step)
                trial.set_user_attr(_SCORED_STEPS, steps)
            epoch = steps.index(step) + 1
            trial.report(value, epoch)
            if trial.should_prune():
                raise Pruned(
                    f"after epoch {epoch} its dev score, {value:.3f}, is below the median of the others"
                )

        return report

    def importances(self) -> dict[str, float]:
        """Share of each key in the differences between good and other trials; empty with fewer than 10 complete.

        Watanabe et al. 2023, "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary subspaces".
        """
        complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(complete) < _FEWEST_FOR_IMPORTANCE or len({trial.value for trial in complete}) == 1:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of experimental parts of the library
            evaluator = optuna.importance.PedAnovaImportanceEvaluator()
            return optuna.importance.get_param_importances(self._study, evaluator=evaluator)

    def values_of(self, trial: FrozenTrial) -> dict[str, Any]:
        """The trial's values by their keys."""
        return {key: self._decode(key, value) for key, value in trial.params.items()}

    def _suggest(self, trial: Trial, key: str) -> Any:
        dimension = self._settings.space[key]
        if dimension.choices is not None:  # as JSON: lists and null are choices as well
            return self._decode(
                key, trial.suggest_categorical(key, [json.dumps(c) for c in dimension.choices])
            )
        low, high = dimension.low or 0.0, dimension.high or 0.0
        if is_whole(key, self._config):
            return trial.suggest_int(key, int(low), int(high), log=dimension.log)
        return trial.suggest_float(key, low, high, log=dimension.log)

    def _decode(self, key: str, value: Any) -> Any:
        return value if self._settings.space[key].choices is None else json.loads(value)
