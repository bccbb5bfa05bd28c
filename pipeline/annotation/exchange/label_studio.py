"""Label Studio: tasks and labelling configuration out, its JSON export back in.

The export format is "JSON" (not JSON-MIN): a list of tasks, each with `data` and `annotations`.
https://labelstud.io/guide/task_format
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from pipeline.annotation.coded_table import Coding, ReadCodings, make_coding, say_count
from pipeline.data.codebooks.codebook import Codebook, Frame
from pipeline.data.labels.label_cells import RowError, last_of_paths
from pipeline.data.labels.label_studio_tables import UNIT_ID
from pipeline.data.labels.labelled_rows import Reject
from pipeline.data.tables.table_files import parse_json, read_text
from pipeline.errors import DataError, list_names, shorten
from pipeline.files.durable_files import replacing

CHOICES: Final = "frames"  # name of our Choices tag
_OF_PARTS: Final = ("labels", "hypertextlabels", "paragraphlabels")  # marked parts of a text
_LABELLING: Final = ("choices", "taxonomy", *_OF_PARTS)  # types of results whose values can be frames
_REMARKS: Final = ("textarea", "rating", "number", "datetime", "relation")  # what coders add beside
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_tasks(path: Path, units: Sequence[Mapping[str, Any]], codebook: Codebook) -> list[Path]:
    """Write tasks (JSON) and, beside them, the labelling configuration (XML).

    Tasks hold id, text and the neighbouring sentences, not channel or scores: coders judge the text alone. The id
    stands there twice, since CSV and JSON-MIN replace `id` by the task's number.

    Returns:
        Both paths.
    """
    names = ("id", "text", "before", "after")
    tasks = [{"data": {UNIT_ID: unit["id"], **{name: unit[name] or "" for name in names}}} for unit in units]
    config = path.with_suffix(".config.xml")
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(tasks, ensure_ascii=False, indent=1), encoding="utf-8")
    with replacing(config) as temporary:
        temporary.write_text(make_config(codebook), encoding="utf-8")
    return [path, config]


def make_config(codebook: Codebook) -> str:
    """Labelling configuration: one choice for each frame; results name frames by their ids (`alias`).

    Definitions stand as hints, and in a panel that can be opened, since hints need a switch of the server.
    """
    view = ET.Element("View")
    ET.SubElement(view, "Header", value=_clean(codebook.name))
    panels = ET.SubElement(view, "Collapse")
    panel = ET.SubElement(panels, "Panel", value="Codebook")
    for frame in codebook.frames:
        ET.SubElement(panel, "Header", size="5", value=_clean(f"{frame.name}: {_describe(frame)}"))
    for name in ("before", "text", "after"):
        size = "5" if name != "text" else "4"
        ET.SubElement(view, "Header", size=size, value={"text": "To code"}.get(name, name.capitalize()))
        ET.SubElement(view, "Text", name=name, value=f"${name}", valueType="text")
    is_single = codebook.mode == "single_label"
    choices = ET.SubElement(
        view,
        "Choices",
        name=CHOICES,
        toName="text",
        choice="single" if is_single else "multiple",
        required=str(is_single).lower(),
        showInline="false",
    )
    for frame in codebook.frames:
        names = {"value": _clean(frame.name), "alias": _clean(frame.id), "hint": _clean(_describe(frame))}
        ET.SubElement(choices, "Choice", names)
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def read_annotations(path: Path, control: str | None = None, encoding: str | None = None) -> ReadCodings:
    """Read a JSON export: every annotation of every task, cancelled ones and ground truth marked as such.

    Args:
        path: an export with the format JSON.
        control: name of the tag whose results are frames; None for ours or, where it is missing, the only one.
        encoding: of a file that is not UTF-8.

    Raises:
        DataError: not a JSON list, results of a kind that cannot be read, or of several tags.
    """
    tasks = parse_json(read_text(path, encoding), str(path))
    if not isinstance(tasks, list):
        raise DataError(f"{path}: expected a list of tasks, as Label Studio exports with the format JSON")
    read = ReadCodings()
    regions = [region for task in tasks for region in _all_regions(task)]
    chosen = _choose_control(path, regions, control)
    read.notes += _note_regions(regions, chosen)
    for n, task in enumerate(tasks, start=1):
        _read_task(f"{path}, task {n}", task, chosen, path.stem, read)
    return read


def _all_regions(task: object) -> Iterator[dict[str, Any]]:
    """Results of all annotations of a task that have the form of results."""
    annotations = _annotations_of(task) if isinstance(task, dict) else None
    for annotation in annotations if isinstance(annotations, list) else []:
        result = annotation.get("result") if isinstance(annotation, dict) else None
        if isinstance(result, list):
            yield from (region for region in result if isinstance(region, dict))


def _annotations_of(task: dict[str, Any]) -> object:
    return task.get("annotations", task.get("completions"))


def _choose_control(path: Path, regions: Sequence[dict[str, Any]], wanted: str | None) -> str | None:
    """The tag whose results are frames; None where the export has no result at all.

    Raises:
        DataError: results of an unknown kind, none that could be frames, or several tags that could.
    """
    kinds = Counter(str(region.get("type")) for region in regions)
    if unknown := sorted(kinds.keys() - {*_LABELLING, *_REMARKS}):
        listed = ", ".join(f"'{shorten(kind, 40)}' ({kinds[kind]} times)" for kind in unknown)
        raise DataError(
            f"{path}: results of controls that are not read: {listed}; expected one of {', '.join(_LABELLING)}"
        )
    names = Counter(_control_of(region) for region in regions if region.get("type") in _LABELLING)
    if wanted is not None and wanted not in names:
        raise DataError(
            f"{path}: no results of the control '{wanted}'; there are: {list_names(names) or 'none'}"
        )
    if regions and not names:
        listed = ", ".join(f"{kind} ({n} times)" for kind, n in kinds.items())
        raise DataError(
            f"{path}: no result that could be a frame, only {listed}; expected one of {', '.join(_LABELLING)}"
        )
    if wanted or CHOICES in names:
        return wanted or CHOICES
    if len(names) > 1:
        raise DataError(
            f"{path}: choices of several tags ({list_names(names)}): say which are frames, "
            f"--column labels={next(iter(names))}"
        )
    return next(iter(names), None)


def _control_of(region: Mapping[str, Any]) -> str:
    return str(region.get("from_name"))


def _note_regions(regions: Sequence[dict[str, Any]], control: str | None) -> list[str]:
    """What of the results is not read, or read as more than it says."""
    ours = [region for region in regions if _control_of(region) == control]
    others = Counter(_control_of(region) for region in regions if _control_of(region) != control)
    notes = []
    if parts := sum(region.get("type") in _OF_PARTS for region in ours):
        notes.append(
            f"{say_count(parts, 'label marks a part', 'labels mark parts')} of a text: read as labels of the whole text"
        )
    if others:
        listed = ", ".join(f"'{shorten(name, 40)}' ({n})" for name, n in others.items())
        notes.append(f"results of other controls are not read: {listed}; '{control}' is the one with frames")
    return notes


def _read_task(where: str, task: object, control: str | None, stem: str, read: ReadCodings) -> None:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        read.rejects.append(
            Reject(where, "expected a task with 'data'; export with the format JSON, not JSON-MIN")
        )
        return
    annotations = _annotations_of(task)
    if not isinstance(annotations, list):
        read.rejects.append(Reject(where, "expected a list 'annotations'; export with the format JSON"))
        return
    read.n_untouched += not annotations
    in_time = sorted(
        enumerate(annotations, start=1),
        key=lambda item: str(item[1].get("updated_at", "")) if isinstance(item[1], dict) else "",
    )
    for n, annotation in in_time:
        place = f"{where}, annotation {n}"
        try:
            read.codings.append(_read_annotation(place, task["data"], annotation, control, stem))
        except RowError as error:
            read.rejects.append(Reject(place, str(error)))


def _read_annotation(
    where: str, data: dict[str, Any], annotation: object, control: str | None, stem: str
) -> Coding:
    if not isinstance(annotation, dict):
        raise RowError(f"expected an object, got {type(annotation).__name__}")
    cancelled = _read_flag(annotation, "was_cancelled")
    return make_coding(
        where,
        data,
        [] if cancelled else _read_labels(annotation.get("result"), control),
        annotator=_read_annotator(annotation.get("completed_by"), stem),
        status="cancelled" if cancelled else "coded",
        is_ground_truth=_read_flag(annotation, "ground_truth"),
    )


def _read_flag(annotation: dict[str, Any], name: str) -> bool:
    value = annotation.get(name)
    if value is not None and not isinstance(value, bool):
        raise RowError(f"field '{name}': expected true or false, got {value!r:.60}")
    return bool(value)


def _read_annotator(value: object, stem: str) -> object:
    """Users are numbers or, in some exports, objects; their address tells people more than their number."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("id")
    return stem if value is None else value


def _read_labels(result: object, control: str | None) -> list[Any]:
    """What one annotation chose with the control."""
    if not isinstance(result, list) or not all(isinstance(region, dict) for region in result):
        raise RowError(f"field 'result': expected a list of objects, got {result!r:.60}")
    labels: list[Any] = []
    for region in result:
        kind = region.get("type")
        if kind in _LABELLING and _control_of(region) == control:
            value = region.get("value")
            found = last_of_paths(value.get(kind)) if isinstance(value, dict) else None
            if not isinstance(found, list):
                raise RowError(f"field '{kind}': expected a list, got {value!r:.60}")
            labels += found
    return labels


def _describe(frame: Frame) -> str:
    parts = [frame.definition]
    parts += [f"Also: {'; '.join(frame.include)}."] if frame.include else []
    parts += [f"Not: {'; '.join(frame.exclude)}."] if frame.exclude else []
    return " ".join(parts)


def _clean(text: str) -> str:
    return _NOT_XML.sub(" ", text)
