"""The section `sweep`: settings that are tried."""

from typing import Any, Literal

from pydantic import Field, model_validator

from pipeline.config.settings import Positive, Settings


class SweepDimension(Settings):
    """What one key is tried with: a range, or a list of values.

    Attributes:
        low: lower end of the range; in a key of whole numbers only those are tried.
        high: upper end.
        log: try as many values from 0.001 to 0.01 as from 0.01 to 0.1.
        choices: values, in place of a range.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> "SweepDimension":
        if self.choices is not None:
            if self.low is not None or self.high is not None or self.log:
                raise ValueError("give either 'choices' or a range ('low', 'high', 'log'), not both")
            return self
        if self.low is None or self.high is None:
            raise ValueError("give 'low' and 'high', or 'choices'")
        if self.low >= self.high:
            raise ValueError(f"'low' must be below 'high', got {self.low:g} and {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"'log' needs 'low' above 0, got {self.low:g}")
        return self


class SweepSettings(Settings):
    """Settings that `frames sweep` tries; `frames train` takes no notice of them.

    Attributes:
        trials: how many settings are tried, those that were pruned or failed among them.
        timeout_minutes: no trial begins later than this after the command began.
        metric: what is best, on dev or out of fold, never on test. "macro_f1" is that of thresholds learnt on
            other rows than those they are judged on.
        seed: of the sampler; the same seed and data try the same settings.
        pruner: give up trials whose dev score after an epoch is below the median of the others. Only a
            transformer with `decide_on: dev` has such scores; every other model trains to its end.
        space: what is tried, by the key of the config, for example "model.learning_rate".
    """

    trials: int = Field(default=20, ge=1)
    timeout_minutes: Positive | None = None
    metric: Literal["mean_average_precision", "macro_f1"] = "mean_average_precision"
    seed: int = Field(default=42, ge=0, lt=2**32)
    pruner: bool = True
    space: dict[str, SweepDimension] = Field(min_length=1)
