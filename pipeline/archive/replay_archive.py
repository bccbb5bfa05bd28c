"""Computing the figures of an archive again, offline, on an archive that may be a stranger's."""

import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.archive.archived_models import ArchivedModel, check_model_files, compare_again
from pipeline.archive.archived_shares import replay_shares
from pipeline.archive.contents import CONTENTS, MOST_BYTES, MOST_FILES, NAMES, Contents
from pipeline.errors import DataError, shorten
from pipeline.files.sealed_zip import unpack_zip

TOLERANCE: Final = 1e-9  # by which sums differ that were added in another order
_LISTED: Final = 5  # differences that are kept of a figure


@dataclass(frozen=True, slots=True)
class ReplayedFigure:
    """One thing that was computed again: its name, how many figures it has, and what differs."""

    name: str
    n_figures: int
    differences: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "figures": self.n_figures, "differences": list(self.differences)}


@dataclass(frozen=True, slots=True)
class Replay:
    """What computing again gave.

    Attributes:
        contents: of the archive.
        seal: SHA-256 (hex) of its list of contents; "" of one that is not packed yet.
        figures: shares, evaluations, comparisons.
    """

    contents: Contents
    seal: str
    figures: tuple[ReplayedFigure, ...]

    @property
    def is_equal(self) -> bool:
        """Whether every figure is the one that was archived."""
        return not any(figure.differences for figure in self.figures)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "equal": self.is_equal,
            "seal": self.seal,
            "with_texts": self.contents.with_texts,
            "versions": self.contents.versions,
            "figures": [figure.to_json() for figure in self.figures],
        }


def replay_archive(path: Path) -> Replay:
    """Unpack an archive into a temporary folder and compute all its figures again.

    Raises:
        DataError: not an archive, one that is damaged or refused, or figures that cannot be computed.
        ModelError: what it holds of a model is damaged.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected an archive that `frames archive` wrote")
    with tempfile.TemporaryDirectory(prefix="frames-") as temporary:
        folder = Path(temporary)
        digests = unpack_zip(path, folder, NAMES, most_files=MOST_FILES, most_bytes=MOST_BYTES)
        seal = digests.pop(CONTENTS, None)
        if seal is None:
            raise DataError(f"{path}: no archive of figures: there is no {CONTENTS} in it")
        contents = Contents.read(folder / CONTENTS)
        _check_files(path, contents, digests)
        for number in range(len(contents.models)):
            place = f"models/{number}"
            check_model_files(folder / place, digests, place)
        replay = replay_folder(folder, contents)
        return Replay(contents, seal, replay.figures)


def replay_folder(folder: Path, contents: Contents) -> Replay:
    """Compute all figures of an unpacked archive again.

    Raises:
        DataError: they cannot be computed.
        ModelError: what it holds of a model is damaged.
    """
    figures = []
    if contents.shares is not None:
        with tempfile.TemporaryDirectory(prefix="frames-") as work:
            pair = replay_shares(folder, contents.shares, Path(work), with_texts=contents.with_texts)
        figures.append(_describe("shares", pair))
    models = [ArchivedModel.read(folder / f"models/{number}") for number in range(len(contents.models))]
    for name, model in zip(contents.models, models, strict=True):
        if name != model.model_id:
            raise DataError(f"{CONTENTS}: names {shorten(name, 80)} where {shorten(model.model_id, 80)} lies")
        figures.append(_describe(f"evaluation of {name}", model.evaluate_again()))
    for number, compared in enumerate(contents.comparisons):
        if max(compared.first, compared.second) >= len(models):
            raise DataError(f"{CONTENTS}: comparison {number} is of models that are not there")
        first, second = models[compared.first], models[compared.second]
        found = compare_again(folder / f"comparisons/{number}.json", first, second)
        figures.append(_describe(f"{first.model_id} against {second.model_id}", found))
    return Replay(contents, "", tuple(figures))


def _describe(name: str, pair: tuple[Any, Any]) -> ReplayedFigure:
    n_figures, differences = find_differences(*pair)
    return ReplayedFigure(name, n_figures, tuple(differences))


def _check_files(path: Path, contents: Contents, digests: dict[str, str]) -> None:
    """Hold the files against the list of contents."""
    for name in sorted({*digests, *contents.files, *contents.list_needed()}):
        if name not in digests or digests[name] != contents.files.get(name):
            what = "is missing" if name not in digests else "is not the file that was archived"
            raise DataError(f"{path}: {name} {what}; get the archive again from whom it is")


def find_differences(archived: Any, found: Any) -> tuple[int, list[str]]:
    """How many figures were compared, and what differs: a few places, each with both values.

    Numbers are equal that differ by no more than `TOLERANCE`, relative to their size where they are above one.
    """
    compared, different = 0, []
    for place, one, other in _walk(archived, found, ""):
        compared += 1
        if not _is_equal(one, other):
            different.append(f"{place}: archived {_show(one)}, computed {_show(other)}")
    listed = different[:_LISTED]
    if len(different) > _LISTED:
        listed.append(f"and {len(different) - _LISTED:,} more")
    return compared, listed


def _walk(one: Any, other: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}, key=str):
            yield from _walk(one.get(key), other.get(key), f"{place}.{key}" if place else str(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _walk(a, b, f"{place}[{_name(a) or i}]")
    else:
        yield place, one, other


def _name(entry: Any) -> str:
    """What tells an estimate or a contrast from its neighbours."""
    if not isinstance(entry, dict):
        return ""
    keys = ("domain", "channel", "month", "group", "contrast", "first", "second", "frame", "name")
    return " ".join(str(entry[key]) for key in keys if isinstance(entry.get(key), str))


def _is_equal(one: Any, other: Any) -> bool:
    numbers = [
        value for value in (one, other) if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if len(numbers) == 2:  # noqa: PLR2004 - both
        return math.isclose(*numbers, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)


def _show(value: Any) -> str:
    return shorten(repr(value), 60)
