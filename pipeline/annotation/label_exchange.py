"""From a sample to coders and back: the functions behind `frames label-export` and `frames label-import`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.annotation.coded_table import CODED_COLUMNS, Coding, ReadCodings, keep_last, resolve_labels
from pipeline.annotation.exchange import doccano, label_studio, prodigy, spreadsheet
from pipeline.annotation.record_files import check_suffix, read_bounded_text, refuse_existing, write_records
from pipeline.annotation.sample_files import DESIGN_COLUMNS, read_sample
from pipeline.data.codebook import Codebook
from pipeline.data.label_files import parse_json
from pipeline.data.labels import Reject
from pipeline.errors import DataError

Tool = Literal["label-studio", "prodigy", "doccano", "table"]
TOOLS: Final = ("label-studio", "prodigy", "doccano", "table")
_SUFFIX: Final = {"label-studio": ".json", "prodigy": ".jsonl", "doccano": ".jsonl"}


@dataclass(frozen=True, slots=True)
class Imported:
    """What came back.

    Attributes:
        codings: one for each unit and annotator, labels as frame ids.
        rejects: rows that were not used, with reasons.
        notes: what a reader has to know.
    """

    codings: list[Coding]
    rejects: list[Reject]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Counts."""
        return {
            "codings": len(self.codings),
            "units": len({coding.id for coding in self.codings}),
            "annotators": dict(sorted(Counter(coding.annotator for coding in self.codings).items())),
            "status": dict(sorted(Counter(coding.status for coding in self.codings).items())),
            "ground_truth": sum(coding.is_ground_truth for coding in self.codings),
            "rejects": len(self.rejects),
            "notes": list(self.notes),
        }


def export_units(
    sample: Path, codebook: Codebook, output: Path, tool: Tool, layout: spreadsheet.Layout = "frames"
) -> list[Path]:
    """Write the units of a sample for an annotation tool.

    Args:
        sample: a file of `frames sample`, or any with the columns id and text.
        codebook: the frames to choose from.
        output: not yet there; .json for Label Studio, .jsonl for Prodigy and doccano, any for a table.
        tool: who reads it.
        layout: of a table: a column for each frame, or one column with labels.

    Returns:
        The files written: tasks, and the tool's configuration where it has one.

    Raises:
        DataError: the sample cannot be read, or the output is there or has another suffix.
    """
    expected = _SUFFIX.get(tool)
    if expected and output.suffix.lower() != expected:
        raise DataError(f"{output}: for {tool}, expected a name that ends in {expected}")
    if tool == "table":
        check_suffix(output)
    refuse_existing(output)
    units = read_sample(sample)
    if tool == "label-studio":
        return label_studio.write_tasks(output, units, codebook)
    if tool == "prodigy":
        return prodigy.write_tasks(output, units, codebook)
    if tool == "doccano":
        return doccano.write_documents(output, units, codebook)
    return spreadsheet.write_table(output, units, codebook, layout)


def import_codings(
    paths: Sequence[Path],
    codebook: Codebook,
    *,
    tool: Tool | None = None,
    sample: Path | None = None,
    empty_is_coded: bool = False,
) -> Imported:
    """Read what coders made, from one file or several.

    Args:
        paths: exports of one tool, or of several.
        codebook: every label must be one of its frames.
        tool: None to recognise it from each file.
        sample: the sample that was exported: its texts and design are joined by id.
        empty_is_coded: in tables and doccano, a unit without a label carries no frame.

    Raises:
        DataError: a file cannot be read, labels are not in the codebook, or nothing usable is left.
    """
    reads = [read_codings(path, tool=tool, empty_is_coded=empty_is_coded) for path in paths]
    rejects = [reject for read in reads for reject in read.rejects]
    codings = [coding for read in reads for coding in read.codings]
    codings, more = resolve_labels(codings, codebook, ", ".join(map(str, paths)))
    rejects += more
    notes = _note_untouched(sum(read.n_untouched for read in reads))
    if sample is None:
        notes += _note_without_design(codings)
    else:
        codings, more, joined = _join_sample(codings, sample)
        rejects += more
        notes += joined
    codings, more = keep_last(codings)
    rejects += more
    if not codings:
        listed = f": {rejects[0].where}: {rejects[0].reason}" if rejects else ""
        raise DataError(f"{', '.join(map(str, paths))}: no usable coding{listed}")
    return Imported(codings, rejects, (*notes, *_note_blank(codings, empty_is_coded=empty_is_coded)))


def read_codings(path: Path, *, tool: Tool | None = None, empty_is_coded: bool = False) -> ReadCodings:
    """Read one file of codings as it stands; labels are not yet compared with a codebook.

    Raises:
        DataError: the file cannot be read.
    """
    tool = tool or recognise_tool(path)
    if tool == "label-studio":
        return label_studio.read_annotations(path)
    if tool == "prodigy":
        return prodigy.read_answers(path)
    if tool == "doccano":
        return doccano.read_documents(path, empty_is_coded=empty_is_coded)
    return spreadsheet.read_table(path, empty_is_coded=empty_is_coded)


def recognise_tool(path: Path) -> Tool:
    """Which tool wrote a file, from the keys of its first object; a table where no tool's are there.

    Raises:
        DataError: the file cannot be read.
    """
    if path.suffix.lower() == ".json":
        items = parse_json(read_bounded_text(path), str(path))
        first = items[0] if isinstance(items, list) and items else None
        return "label-studio" if isinstance(first, dict) and "data" in first else "table"
    if path.suffix.lower() not in {".jsonl", ".ndjson"}:
        return "table"
    line = next((line for line in read_bounded_text(path).split("\n") if line.strip()), "{}")
    keys = parse_json(line, f"{path}, line 1")
    if not isinstance(keys, dict):
        return "table"
    if "answer" in keys or "options" in keys:
        return "prodigy"
    return "doccano" if "label" in keys and "labels" not in keys else "table"


def write_codings(path: Path, imported: Imported) -> Path | None:
    """Write the table of codings and, beside it, the rejects where there are any.

    Returns:
        The file of rejects, NAME.rejects.jsonl; None, and no such file, without any.
    """
    write_records(path, [coding.to_row() for coding in imported.codings], CODED_COLUMNS)
    rejects = path.with_suffix(".rejects.jsonl")
    if not imported.rejects:
        rejects.unlink(missing_ok=True)
        return None
    write_records(rejects, [asdict(reject) for reject in imported.rejects], ["where", "reason"])
    return rejects


def _join_sample(codings: Sequence[Coding], sample: Path) -> tuple[list[Coding], list[Reject], list[str]]:
    units = {row["id"]: row for row in read_sample(sample)}
    kept, rejects, n_changed = [], [], 0
    for coding in codings:
        unit = units.get(coding.id)
        if unit is None:
            rejects.append(Reject(coding.where, f"the id '{coding.id:.80}' is not in the sample {sample}"))
            continue
        n_changed += coding.text.split() != unit["text"].split()
        design = {name: unit[name] for name in DESIGN_COLUMNS if unit[name] is not None}
        text = unit["text"].replace("\r\n", "\n")  # as codings and labelled files are read
        kept.append(replace(coding, text=text, extra={**coding.extra, **design}))
    n_missing = len(units.keys() - {coding.id for coding in kept})
    counts = {
        "units of the sample have no coding": n_missing,
        "codings had a text that differs from the sample's, which is used": n_changed,
    }
    return kept, rejects, [f"{n} {what}" for what, n in counts.items() if n]


def _note_untouched(n: int) -> list[str]:
    return [f"{n} units have no annotation yet"] if n else []


def _note_without_design(codings: Sequence[Coding]) -> list[str]:
    n = sum("inclusion_probability" not in coding.extra for coding in codings)
    if not n:
        return []
    return [
        f"{n} codings carry no inclusion probability, so no estimate can use them; --sample FILE joins it"
    ]


def _note_blank(codings: Sequence[Coding], *, empty_is_coded: bool) -> list[str]:
    n = sum(coding.status == "skipped" for coding in codings)
    if not n or empty_is_coded:
        return []
    return [
        f"{n} codings count as skipped; where blank means that no frame is there, import with --empty-is-coded"
    ]
