"""When a figure may be given for a frame at all: the one rule, for every table, card, run and check.

What counts are clusters that hold a positive, not rows: six copies of one post are one piece of evidence. Macro-F1
and mean average precision are means over the frames that have enough, and say over how many of the codebook's.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ENOUGH_CLUSTERS: Final = 5  # with a positive of the frame; fewer say more of the draw than of the model

Mask = NDArray[np.bool_]


def count_positive_clusters(truth: NDArray[Any], clusters: NDArray[Any]) -> NDArray[np.int64]:
    """Clusters with at least one positive row, for each frame.

    Args:
        truth: 0/1, shape (n, k).
        clusters: cluster of each row, shape (n,), any ids.

    Returns:
        Shape (k,).
    """
    return np.array([len(np.unique(clusters[truth[:, k] > 0])) for k in range(truth.shape[1])], np.int64)


def find_judged(truth: NDArray[Any], clusters: NDArray[Any]) -> Mask:
    """Frames with enough positive clusters to be judged here, shape (k,); arguments as above."""
    return np.asarray(count_positive_clusters(truth, clusters) >= ENOUGH_CLUSTERS, bool)


def names_of(frame_ids: Sequence[str], chosen: Mask) -> tuple[str, ...]:
    """The ids that a mask (k,) chooses."""
    return tuple(frame for frame, is_chosen in zip(frame_ids, chosen, strict=True) if is_chosen)


def describe_macro(judged: int, frames: int, figure: str = "macro-F1") -> str:
    """The figure by its whole name: "macro-F1 over 13 of 15 frames"."""
    return f"{figure} over {judged} of {frames} frames"


def describe_left_out(frames: Sequence[str]) -> str:
    """Which frames are no part of macro figures, and why."""
    return (
        f"fewer than {ENOUGH_CLUSTERS} clusters of copies with a positive, so no figures, and no part of macro-F1 and "
        f"of mean average precision: {', '.join(frames)}"
    )
