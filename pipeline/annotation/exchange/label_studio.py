"""Label Studio: tasks and labelling configuration out, its JSON export back in.

The export format is "JSON" (not JSON-MIN): a list of tasks, each with `data` and `annotations`.
https://labelstud.io/guide/task_format
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from pipeline.annotation.coded_table import Coding, ReadCodings, make_coding
from pipeline.annotation.record_files import read_bounded_text
from pipeline.data.codebook import Codebook, Frame
from pipeline.data.label_files import parse_json
from pipeline.data.label_values import RowError
from pipeline.data.labelled_rows import Reject
from pipeline.errors import DataError
from pipeline.files.durable_files import replacing

CHOICES: Final = "frames"  # name of our Choices tag
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_tasks(path: Path, units: Sequence[Mapping[str, Any]], codebook: Codebook) -> list[Path]:
    """Write tasks (JSON) and, beside them, the labelling configuration (XML).

    Tasks hold id, text and the neighbouring sentences, not channel or scores: coders judge the text alone.

    Returns:
        Both paths.
    """
    tasks = [
        {"data": {name: unit[name] or "" for name in ("id", "text", "before", "after")}} for unit in units
    ]
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


def read_annotations(path: Path) -> ReadCodings:
    """Read a JSON export: every annotation of every task, cancelled ones and ground truth marked as such.

    Raises:
        DataError: not a JSON list.
    """
    tasks = parse_json(read_bounded_text(path), str(path))
    if not isinstance(tasks, list):
        raise DataError(f"{path}: expected a list of tasks, as Label Studio exports with the format JSON")
    read = ReadCodings()
    for n, task in enumerate(tasks, start=1):
        _read_task(f"{path}, task {n}", task, path.stem, read)
    return read


def _read_task(where: str, task: object, stem: str, read: ReadCodings) -> None:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        read.rejects.append(
            Reject(where, "expected a task with 'data'; export with the format JSON, not JSON-MIN")
        )
        return
    annotations = task.get("annotations", task.get("completions"))
    if not isinstance(annotations, list):
        read.rejects.append(Reject(where, "expected a list 'annotations'; export with the format JSON"))
        return
    read.n_untouched += not annotations
    in_time = sorted(
        enumerate(annotations, start=1),
        key=lambda item: str(item[1].get("updated_at", "")) if isinstance(item[1], dict) else "",
    )
    for n, annotation in in_time:
        try:
            read.codings.append(_read_annotation(f"{where}, annotation {n}", task["data"], annotation, stem))
        except RowError as error:
            read.rejects.append(Reject(f"{where}, annotation {n}", str(error)))


def _read_annotation(where: str, data: dict[str, Any], annotation: object, stem: str) -> Coding:
    if not isinstance(annotation, dict):
        raise RowError(f"expected an object, got {type(annotation).__name__}")
    cancelled = _read_flag(annotation, "was_cancelled")
    return make_coding(
        where,
        data,
        [] if cancelled else _read_choices(annotation.get("result")),
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


def _read_choices(result: object) -> list[Any]:
    if not isinstance(result, list) or not all(isinstance(region, dict) for region in result):
        raise RowError(f"field 'result': expected a list of objects, got {result!r:.60}")
    chosen: dict[str, list[Any]] = {}
    for region in result:
        if region.get("type") == "choices":
            value = region.get("value")
            choices = value.get("choices") if isinstance(value, dict) else None
            if not isinstance(choices, list):
                raise RowError(f"field 'choices': expected a list, got {value!r:.60}")
            chosen.setdefault(str(region.get("from_name")), []).extend(choices)
    if CHOICES in chosen:
        return chosen[CHOICES]
    if len(chosen) > 1:
        raise RowError(f"choices of several tags ({', '.join(chosen)}); expected one, named '{CHOICES}'")
    return next(iter(chosen.values()), [])


def _describe(frame: Frame) -> str:
    parts = [frame.definition]
    parts += [f"Also: {'; '.join(frame.include)}."] if frame.include else []
    parts += [f"Not: {'; '.join(frame.exclude)}."] if frame.exclude else []
    return " ".join(parts)


def _clean(text: str) -> str:
    return _NOT_XML.sub(" ", text)
