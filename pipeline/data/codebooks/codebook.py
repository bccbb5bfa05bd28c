"""The codebook: which narrative frames there are, and when a sentence carries one.

A codebook is a YAML file that a person writes and reads:

    name: International affairs
    mode: multi_label          # or single_label
    frames:
      - id: multipolarity
        name: Multipolar world
        definition: The sentence presents ...
        include: [claims that ...]
        exclude: [mere mention of ...]
        examples: ["..."]
        parent: world_order    # optional; two levels at most
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pipeline.errors import ConfigError, DataError, list_names, shorten
from pipeline.files.yaml_files import describe_fault, describe_validation_error, load_yaml_mapping

FrameId = Annotated[str, StringConstraints(pattern=r"^[^\s;][^;\n\r\t]*$", max_length=100)]
NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

PLACEHOLDER_IDS: Final = ("frame_one", "frame_two")  # of the rows that `frames init` writes
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
_TO_WRITE = "TODO:"  # begins the definitions of a draft


class Frame(BaseModel):
    """One narrative frame: what it is called and when a sentence carries it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: FrameId
    name: NonEmpty
    definition: NonEmpty
    include: tuple[NonEmpty, ...] = ()
    exclude: tuple[NonEmpty, ...] = ()
    examples: tuple[NonEmpty, ...] = ()
    parent: FrameId | None = None


class Codebook(BaseModel):
    """A checked list of frames; the order of `frames` is the column order everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: NonEmpty
    version: str = "1"
    language: str | None = None
    mode: Literal["multi_label", "single_label"] = "multi_label"
    frames: tuple[Frame, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_frames(self) -> "Codebook":
        counts = Counter(frame.id for frame in self.frames)
        repeated = sorted(frame_id for frame_id, count in counts.items() if count > 1)
        if repeated:
            raise ValueError(f"frame ids must be unique; these stand more than once: {', '.join(repeated)}")
        spellings: dict[str, list[str]] = {}
        for frame_id in counts:
            key = unicodedata.normalize("NFKC", frame_id).casefold()
            spellings.setdefault(key, []).append(frame_id)
        if alike := [ids for ids in spellings.values() if len(ids) > 1]:
            raise ValueError(
                "frame ids must differ in more than upper and lower case, since SQL takes the columns named after "
                f"them for one: {'; '.join(' and '.join(map(repr, ids)) for ids in alike)}. Rename one of each"
            )
        by_id = {frame.id: frame for frame in self.frames}
        for frame in self.frames:
            if frame.parent is None:
                continue
            if frame.parent not in by_id:
                raise ValueError(
                    f"frame '{frame.id}' names the parent '{frame.parent}', which is not a frame here"
                )
            if frame.parent == frame.id or by_id[frame.parent].parent is not None:
                raise ValueError(
                    f"frame '{frame.id}' would stand on a third level under '{frame.parent}'; two levels are allowed"
                )
        return self

    @property
    def frame_ids(self) -> tuple[str, ...]:
        """Frame ids in column order."""
        return tuple(frame.id for frame in self.frames)

    @property
    def parents(self) -> tuple[int, ...]:
        """Column of each frame's parent, -1 for a frame without one, shape (k,)."""
        column = {frame_id: k for k, frame_id in enumerate(self.frame_ids)}
        return tuple(-1 if frame.parent is None else column[frame.parent] for frame in self.frames)

    def add_parents(self, labels: Collection[str]) -> tuple[str, ...]:
        """Labels with the parents that they imply, in codebook order; a single label stays alone."""
        carried = set(labels)
        if self.mode == "multi_label":
            carried |= {str(frame.parent) for frame in self.frames if frame.parent and frame.id in carried}
        return tuple(frame_id for frame_id in self.frame_ids if frame_id in carried)

    @cached_property
    def ids_by_name(self) -> dict[str, str]:
        """What a frame may be called -> its id: the id itself and, where no other frame has it, the name."""
        names = Counter(frame.name for frame in self.frames)
        by_name = {frame.name: frame.id for frame in self.frames if names[frame.name] == 1}
        return by_name | {frame.id: frame.id for frame in self.frames}

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the content, independent of YAML layout and comments."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def warnings(self) -> list[str]:
        """What is allowed but weakens a codebook: frames without examples."""
        return [
            f"frame '{frame.id}' has no example sentences; coders and readers rely on them"
            for frame in self.frames
            if not frame.examples
        ]

    def describe_unknown(self, unknown: Mapping[str, int]) -> str:
        """What is wrong with labels that are no frames of this codebook, and what to do; with how often each stands."""
        parts = {part for label in unknown for part in _split_elsewhere(label)}
        remedy = (
            "Separate several labels of a text by ';'."
            if parts <= set(self.frame_ids)
            else "Mend the labels, or add the frames to the codebook."
        )
        if {*PLACEHOLDER_IDS}.issuperset(unknown):
            remedy = "These are placeholder rows that `frames init` wrote: delete them, or put your own labels there."
        ordered = sorted(unknown, key=lambda label: (-unknown[label], label))
        listed = [
            f"{shorten(label, 60)} ({unknown[label]} times)" if unknown[label] > 1 else label
            for label in ordered
        ]
        return (
            f"labels that are not in the codebook '{self.name}': {list_names(listed, 10)}; "
            f"expected some of: {list_names(self.frame_ids, 50)}. {remedy}"
        )


def load_codebook(path: Path) -> Codebook:
    """Read and check a codebook file.

    Raises:
        ConfigError: the file is missing, is a table, is not YAML or does not fit; the message names the key.
    """
    if path.suffix.lower() in _TABLES:
        raise ConfigError(
            f"{path}: a codebook is a YAML file; of a table, one is made by: frames init FOLDER --codebook {path.name}"
        )
    raw = load_yaml_mapping(path, what="codebook")
    try:
        return Codebook.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            describe_validation_error(path, error, raw, model=Codebook, what="codebook")
        ) from None


def draft_codebook(
    name: str,
    labels: Iterable[str],
    *,
    mode: Literal["multi_label", "single_label"],
    parents: Mapping[str, str] | None = None,
) -> Codebook:
    """Make a codebook from label ids alone; definitions are placeholders that a person must write.

    `parents` has the parent of each frame that stands under one.

    Raises:
        DataError: no labels, one that cannot be a frame id, one that is several others in a row, or two alike.
    """
    ids = sorted(set(labels))
    if not ids:
        raise DataError("no labels were found, so there is nothing to draft a codebook from")
    if joined := next((label for label in ids if set(_split_elsewhere(label)[1:]) & set(ids)), None):
        raise DataError(
            f"the label '{shorten(joined, 80)}' seems to be several; separate several labels of a text by ';'"
        )
    frames = tuple(
        _draft_frame(label).model_copy(update={"parent": (parents or {}).get(label)}) for label in ids
    )
    try:
        return Codebook(name=name, mode=mode, frames=frames)
    except ValidationError as error:
        reasons = "; ".join(describe_fault(fault["msg"]) for fault in error.errors())
        raise DataError(f"the labels make no codebook: {reasons}") from None


def _split_elsewhere(label: str) -> list[str]:
    """What stands between separators that people use in place of ";"."""
    return [part.strip() for part in re.split("[,|]", label)]


def is_placeholder(text: str) -> bool:
    """Whether a text of a codebook is still to be written."""
    return text.startswith(_TO_WRITE)


def _draft_frame(label: str) -> Frame:
    definition = f"{_TO_WRITE} say when a sentence carries '{label}'."
    try:
        return Frame(
            id=label, name=label.replace("_", " ").strip().capitalize() or label, definition=definition
        )
    except ValidationError as error:
        reasons = "; ".join(describe_fault(fault["msg"]) for fault in error.errors())
        raise DataError(
            f"the label '{shorten(label):.60}' cannot be a frame id: {reasons}; rename it"
        ) from None


def dump_codebook(codebook: Codebook) -> str:
    """The codebook as YAML text, ready to be edited."""
    raw = codebook.model_dump(mode="json", exclude_none=True)
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=100)
