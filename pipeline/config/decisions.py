"""The section `decisions`: calibration and thresholds."""

from typing import Literal

from pydantic import Field

from pipeline.config.settings import Positive, Settings, Share


class DecisionSettings(Settings):
    """How probabilities are calibrated and where the thresholds lie.

    Attributes:
        calibration: "platt" fits a slope and an offset for each frame, shrunken towards those of all
            frames together; "none" keeps the classifier's own probabilities.
        threshold: "tuned" chooses for each frame the threshold of best expected F1, see
            `pipeline.measures.thresholds`; a number is used for every frame as it is.
        shrinkage_positives: how many positives of a frame weigh as much for the slope of its calibration as all frames
            together do.
        minimum_positives: a frame with fewer in train is refused or only warned of.
        rare_frames: "error" refuses a frame with fewer positives, "warn" trains it all the same.
    """

    calibration: Literal["platt", "none"] = "platt"
    threshold: Literal["tuned"] | Share = "tuned"
    shrinkage_positives: Positive = 20.0
    minimum_positives: int = Field(default=5, ge=1)
    rare_frames: Literal["error", "warn"] = "error"
