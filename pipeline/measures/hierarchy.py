"""Frames on two levels: who carries a child carries its parent, in labels, probabilities and decisions alike."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def imply_parents(values: NDArray[Any], parents: Sequence[int]) -> NDArray[Any]:
    """Raise each parent's column to the largest of its own and its children's; a copy where there are any.

    Args:
        values: labels, probabilities or decisions, shape (n, k).
        parents: column of each frame's parent, -1 for none, shape (k,).
    """
    children = [k for k, parent in enumerate(parents) if parent >= 0]
    if not children:
        return values
    raised = values.copy()
    for child in children:
        np.maximum(raised[:, parents[child]], values[:, child], out=raised[:, parents[child]])
    return raised


def list_levels(parents: Sequence[int]) -> dict[str, list[int]]:
    """Columns of the coarse level (frames without a parent) and of the fine one (frames without a child).

    Empty where all frames stand on one level.
    """
    if all(parent < 0 for parent in parents):
        return {}
    return {
        "coarse": [k for k, parent in enumerate(parents) if parent < 0],
        "fine": [k for k in range(len(parents)) if k not in parents],
    }
