"""Groups of vectors that keep their identity when more vectors come.

A vector belongs to the group whose centre is nearest, if the cosine of the two reaches `ALIKE`. Vectors that belong to
none found new groups among themselves: again and again the one with most neighbours is taken, the centre of these is
the centre of the new group, and all that are near to it are its members. What belongs to a group stays there, and a
centre is the mean of its members; so groups grow and drift, and are never renumbered, split or merged. The origin of
the space is the mean of the vectors that came first, without which vectors of some encoders are all alike; before there
are `ENOUGH` of them there are no groups.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALIKE: Final = 0.3  # cosine; of posts on unlike things one pair in a hundred reaches it
FEWEST: Final = 5  # members that found a group
ENOUGH: Final = 100  # vectors, before which their mean says too little
ORIGIN: Final = 1000  # vectors whose mean is the origin
REMEMBERED: Final = 6  # months whose vectors may found a group together
NONE: Final = -1  # the group of what belongs to none
_ROWS: Final = 2048  # compared at once

Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]


def centre(vectors: Vectors) -> Vectors:
    """Directions from the origin of vectors in the order in which they came."""
    return centre_vectors(vectors, vectors[:ORIGIN].mean(axis=0))


def centre_vectors(vectors: Vectors, origin: Vectors) -> Vectors:
    """Directions from the origin, of length one."""
    moved = vectors - origin
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    centred: Vectors = (moved / np.maximum(lengths, 1e-9)).astype(np.float32)
    return centred


def find_centres(vectors: Vectors, groups: Integers) -> Vectors:
    """Mean directions of the members of groups 0, 1, ..., shape (n_groups, d)."""
    n_groups = int(groups.max(initial=NONE)) + 1
    sums = np.zeros((n_groups, vectors.shape[1]), np.float32)
    member = groups != NONE
    np.add.at(sums, groups[member], vectors[member])
    return centre_vectors(sums, np.zeros(vectors.shape[1], np.float32))


def join_groups(vectors: Vectors, centres: Vectors, *, alike: float = ALIKE) -> Integers:
    """The nearest group of each vector, or NONE; shape (n,)."""
    if not len(centres):
        return np.full(len(vectors), NONE, np.int64)
    found = np.empty(len(vectors), np.int64)
    for start in range(0, len(vectors), _ROWS):
        cosines = vectors[start : start + _ROWS] @ centres.T
        nearest = cosines.argmax(axis=1)
        found[start : start + _ROWS] = np.where(cosines.max(axis=1) >= alike, nearest, NONE)
    return found


def found_groups(vectors: Vectors, first: int, *, alike: float = ALIKE, fewest: int = FEWEST) -> Integers:
    """New groups among vectors, numbered from `first` on; NONE where there is none. Shape (n,)."""
    groups = np.full(len(vectors), NONE, np.int64)
    neighbours = _list_neighbours(vectors, alike)
    counts = np.array([len(rows) for rows in neighbours], np.int64)
    while len(counts) and counts.max() >= fewest:
        head = int(counts.argmax())
        near = neighbours[head][groups[neighbours[head]] == NONE]
        middle = centre_vectors(
            vectors[near].mean(axis=0, keepdims=True), np.zeros(vectors.shape[1], np.float32)
        )
        members = np.flatnonzero((groups == NONE) & ((vectors @ middle[0]) >= alike))
        if len(members) < fewest:
            counts[head] = 0
            continue
        groups[members] = first
        first += 1
        counts[members] = 0
        for row in members.tolist():
            counts[neighbours[row]] -= counts[neighbours[row]] > 0
    return groups


def extend_groups(
    vectors: Vectors,
    months: Sequence[str],
    groups: Integers,
    *,
    alike: float = ALIKE,
    fewest: int = FEWEST,
    enough: int = ENOUGH,
) -> Integers:
    """Groups of all vectors after some new ones have come, month by month.

    In each month that has any, what belongs to no group joins one or, together with what is left of the months before,
    founds new ones.

    Args:
        vectors: centred, shape (n, d).
        months: of each vector, names that sort by time.
        groups: shape (n,), NONE for new ones and those that belong to none.
        alike: cosine from which a vector belongs to a group.
        fewest: members that found one.
        enough: vectors before which there are no groups.

    Returns:
        Shape (n,); members of groups are those that they were.
    """
    groups, of_month = groups.copy(), np.array(months, dtype=object)
    if len(vectors) < enough:
        return groups
    order = sorted(set(months))
    for place, month in enumerate(order):
        free = np.flatnonzero((groups == NONE) & (of_month == month))
        if not len(free):
            continue
        groups[free] = join_groups(vectors[free], find_centres(vectors, groups), alike=alike)
        recent = order[max(place + 1 - REMEMBERED, 0) : place + 1]
        left = np.flatnonzero((groups == NONE) & np.isin(of_month, recent))
        groups[left] = found_groups(
            vectors[left], int(groups.max(initial=NONE)) + 1, alike=alike, fewest=fewest
        )
    return groups


def _list_neighbours(vectors: Vectors, alike: float) -> list[Integers]:
    found: list[Integers] = []
    for start in range(0, len(vectors), _ROWS):
        near = vectors[start : start + _ROWS] @ vectors.T >= alike
        found += [np.flatnonzero(row) for row in near]
    return found
