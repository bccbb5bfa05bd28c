"""From a sample to coders and back: the functions behind `frames label-export` and `frames label-import`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.annotation.coded_table import (
    CODED_COLUMNS,
    Coding,
    ReadCodings,
    complete_origin,
    keep_last,
    resolve_labels,
    say_count,
)
from pipeline.annotation.exchange import doccano, label_studio, prodigy, spreadsheet
from pipeline.annotation.record_files import check_suffix, refuse_existing, write_records
from pipeline.annotation.sample_files import (
    DESIGN_COLUMNS,
    is_unit_code,
    make_unit_code,
    read_id,
    read_sample,
)
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.labelled_rows import Reject
from pipeline.data.tables.table_files import parse_json, read_text
from pipeline.errors import ConfigError, DataError, list_names, shorten

Tool = Literal["label-studio", "prodigy", "doccano", "table"]
MAX_STRANGERS: Final = 0.05  # share of codings that may have ids which are not in the sample
_LISTED: Final = 3  # rejects that one message names
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
    sample: Path,
    codebook: Codebook,
    output: Path,
    tool: Tool,
    layout: spreadsheet.Layout = "frames",
    *,
    encoding: str | None = None,
) -> list[Path]:
    """Write the units of a sample for an annotation tool.

    Coders see codes in place of ids, which name the channel: `make_unit_code`.

    Args:
        sample: a file of `frames sample`, or any with the columns id and text.
        codebook: the frames to choose from.
        output: not yet there; .json for Label Studio, .jsonl for Prodigy and doccano, any for a table.
        tool: who reads it.
        layout: of a table: a column for each frame, or one column with labels.
        encoding: of a sample that is not UTF-8.

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
    units = [
        unit | {"id": make_unit_code(unit["id"], unit["sample_id"])} for unit in read_sample(sample, encoding)
    ]
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
    sample: Path | Sequence[Path] = (),
    coders: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    empty_is_coded: bool = False,
    encoding: str | None = None,
) -> Imported:
    """Read what coders made, from one file or several.

    Args:
        paths: exports of one tool, or of several.
        codebook: every label must be one of its frames.
        tool: None to recognise it from each file.
        sample: the sample that was exported, or several: ids, texts and design are joined by id, code or text.
        coders: see `read_files`.
        columns: our column names -> the files', where they differ; `labels` also names Label Studio's control.
        empty_is_coded: in tables and doccano, a unit without a label carries no frame.
        encoding: of text files that are not UTF-8.

    Raises:
        DataError: a file cannot be read or holds no coding, labels are not in the codebook, the sample is another
            one or, where it is needed, not given, or nothing usable is left.
    """
    samples = (sample,) if isinstance(sample, Path) else tuple(sample)
    units = [row for path in samples for row in read_sample(path, encoding)]
    codes = {make_unit_code(row["id"], row["sample_id"]): row for row in units}
    texts = {name: row["text"] for name, row in [*codes.items(), *((row["id"], row) for row in units)]}
    reads, notes = read_files(
        paths,
        codebook,
        tool=tool,
        coders=coders,
        columns=columns,
        texts=texts or None,
        empty_is_coded=empty_is_coded,
        encoding=encoding,
    )
    for path, read in zip(paths, reads, strict=True):
        _refuse_uncoded(path, read)
    rejects = [reject for read in reads for reject in read.rejects]
    codings = [coding for read in reads for coding in read.codings]
    codings, more = resolve_labels(codings, codebook, ", ".join(map(str, paths)))
    rejects += more
    notes += _note_untouched(sum(read.n_untouched for read in reads))
    if not samples:
        _refuse_codes(codings)
        notes += _note_without_design(codings)
    else:
        codings, more, joined = _join_sample(codings, units, codes, ", ".join(map(str, samples)))
        rejects += more
        notes += joined
    codings, more = keep_last(codings)
    rejects += more
    if not codings:
        listed = f": {list_rejects(rejects)}" if rejects else ""
        raise DataError(f"{', '.join(map(str, paths))}: no usable coding{listed}")
    notes += _note_empty(codings, codebook, units)
    return Imported(codings, rejects, (*notes, *_note_blank(codings, empty_is_coded=empty_is_coded)))


def read_files(
    paths: Sequence[Path],
    codebook: Codebook | None,
    *,
    tool: Tool | None = None,
    coders: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    empty_is_coded: bool = False,
    encoding: str | None = None,
) -> tuple[list[ReadCodings], list[str]]:
    """Read several files of codings; labels are not yet compared with a codebook.

    Where no column names the annotator, `coders` does: one name for all files, or one for each; without it the file
    does. Files of one name that code the same units are of two annotators, who are then called by their folders too.

    Returns:
        One for each path, in order, and notes.

    Raises:
        ConfigError: another number of coders.
        DataError: a file cannot be read, or is given twice.
    """
    if len(coders) not in {0, 1, len(paths)}:
        raise ConfigError(
            f"--coder: expected one name, or one for each of the {len(paths)} files in their order, got {len(coders)}"
        )
    if repeated := [path for path, n in Counter(path.resolve() for path in paths).items() if n > 1]:
        raise DataError(f"{repeated[0]}: given twice; give each file of codings once")
    reads = [
        read_codings(path, codebook, tool, columns, texts, empty_is_coded=empty_is_coded, encoding=encoding)
        for path in paths
    ]
    notes = [note for read in reads for note in read.notes]
    for k, (path, read) in enumerate(zip(paths, reads, strict=True)):
        if coders:
            name = read_id(coders[k % len(coders)], "--coder")
            read.codings = [
                replace(coding, annotator=name) if coding.annotator == path.stem else coding
                for coding in read.codings
            ]
    by_stem: dict[str, list[int]] = defaultdict(list)
    for k, path in enumerate(paths):
        by_stem[path.stem].append(k)
    for stem, group in by_stem.items():
        files = [
            {c.id for c in reads[k].codings if c.annotator == stem and c.status == "coded"} for k in group
        ]
        if sum(map(len, files)) == len(set[str]().union(*files)):
            continue
        names = _tell_apart([paths[k].resolve() for k in group])
        for k, name in zip(group, names, strict=True):
            reads[k].codings = [
                replace(coding, annotator=name) if coding.annotator == stem else coding
                for coding in reads[k].codings
            ]
        notes.append(
            f"{len(group)} files are called '{shorten(stem, 60)}' and code the same units: read as the annotators "
            f"{', '.join(names)}. If they are one person's, give them a column annotator"
        )
    return reads, notes


def _tell_apart(paths: Sequence[Path]) -> list[str]:
    """The last parts of each path, as many as make all of them different; without suffixes where that is enough."""
    depth = max(len(path.parts) for path in paths)
    for n in range(1, depth + 1):
        for named in ([path.with_suffix("") for path in paths], paths):
            names = ["/".join(path.parts[-n:]) for path in named]
            if len(set(names)) == len(names):
                return names
    return [str(path) for path in paths]


def read_codings(
    path: Path,
    codebook: Codebook | None = None,
    tool: Tool | None = None,
    columns: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    *,
    empty_is_coded: bool = False,
    encoding: str | None = None,
) -> ReadCodings:
    """Read one file of codings as it stands; labels are not yet compared with the codebook.

    Raises:
        DataError: the file cannot be read.
    """
    known = recognise_tool(path, encoding)
    if known == "table" and tool == "label-studio":
        tool = "table"  # its CSV and JSON-MIN
    tool = tool or known
    if tool == "label-studio":
        return label_studio.read_annotations(path, (columns or {}).get("labels"), encoding)
    if tool == "prodigy":
        return prodigy.read_answers(path, encoding)
    if tool == "doccano" and path.suffix.lower() != ".csv":
        return doccano.read_documents(path, empty_is_coded=empty_is_coded, encoding=encoding)
    return spreadsheet.read_table(
        path, codebook, columns, texts, empty_is_coded=empty_is_coded, encoding=encoding
    )


def recognise_tool(path: Path, encoding: str | None = None) -> Tool:
    """Which tool wrote a file, from the keys of its first object; a table where no tool's are there.

    Raises:
        DataError: the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in {".json", ".jsonl", ".ndjson"}:
        return "table"
    text = read_text(path, encoding)
    if suffix == ".json":
        items = parse_json(text, str(path))
        first = items[0] if isinstance(items, list) and items else None
    else:
        line = next((line for line in text.split("\n") if line.strip()), "{}")
        first = parse_json(line, f"{path}, line 1")
    if not isinstance(first, dict):
        return "table"
    if suffix == ".json" and "data" in first:
        return "label-studio"
    if "answer" in first or "options" in first:
        return "prodigy"
    return "doccano" if isinstance(first.get("label"), list) and "labels" not in first else "table"


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


def _refuse_uncoded(path: Path, read: ReadCodings) -> None:
    if any(coding.status != "skipped" for coding in read.codings):
        return
    if read.rejects:
        n = say_count(len(read.rejects), "row", "rows")
        raise DataError(f"{path}: no usable coding; {n} rejected: {list_rejects(read.rejects)}")
    n = say_count(len(read.codings) + read.n_untouched, "row is", "rows are")
    remedy = (
        "Is it the file that was filled in? Where a blank means that no frame is there, give --empty-is-coded"
    )
    if read.codings and all(coding.is_ground_truth for coding in read.codings):
        remedy = "Write what was settled into the column labels, and (no frame) where there is none"
    raise DataError(f"{path}: no coding: {n} left blank or skipped. {remedy}")


def _note_empty(codings: Sequence[Coding], codebook: Codebook, units: Sequence[dict[str, Any]]) -> list[str]:
    """Frames and strata of which there is nothing, so that a 0 of theirs would say nothing."""
    coded = [coding for coding in codings if coding.status == "coded"]
    carried = {label for coding in coded for label in coding.labels}
    notes = []
    if absent := [frame for frame in codebook.frame_ids if frame not in carried]:
        notes.append(f"no coding carries {list_names(absent)}: of them, nothing can be learnt or compared")
    ids = {coding.id for coding in coded}
    strata = {str(unit["stratum"]): False for unit in units if unit["stratum"] is not None}
    strata |= {
        str(unit["stratum"]): True for unit in units if unit["stratum"] is not None and unit["id"] in ids
    }
    if empty := sorted(name for name, is_coded in strata.items() if not is_coded):
        notes.append(f"strata of the sample without a coded unit: {list_names(empty)}")
    return notes


def _refuse_codes(codings: Sequence[Coding]) -> None:
    coded = [coding for coding in codings if is_unit_code(coding.id)]
    if coded:
        raise DataError(
            f"{coded[0].where}: '{shorten(coded[0].id, 80)}' is a code that label-export gave in place of an id "
            f"({say_count(len(coded), 'row', 'rows')}): give --sample FILE, the sample that was exported: it is the key"
        )


def _join_sample(
    codings: Sequence[Coding],
    rows: Sequence[dict[str, Any]],
    codes: Mapping[str, dict[str, Any]],
    sample: str,
) -> tuple[list[Coding], list[Reject], list[str]]:
    units = {row["id"]: row for row in rows}
    texts = _unique_texts(units.values())
    known = [
        units.get(coding.id)
        or codes.get(coding.id)
        or (None if is_unit_code(coding.id) else texts.get(_words(coding)))
        for coding in codings
    ]
    strangers = [coding for coding, unit in zip(codings, known, strict=True) if unit is None]
    _refuse_other_sample(strangers, len(codings), {row["sample_id"] for row in units.values()}, sample)
    rejects = [_reject_stranger(coding, sample) for coding in strangers]
    kept, n_changed, n_by_text = [], 0, 0
    for coding, unit in zip(codings, known, strict=True):
        if unit is None:
            continue
        n_changed += _words(coding) != tuple(unit["text"].split())
        n_by_text += coding.id not in units and coding.id not in codes
        design = {name: unit[name] for name in DESIGN_COLUMNS if unit[name] is not None}
        text = unit["text"].replace("\r\n", "\n")  # as codings and labelled files are read
        stated = {"lang": unit["lang"]} if unit["lang"] is not None else {}
        extra = complete_origin({**stated, **coding.extra, **design}, unit["id"])
        kept.append(replace(coding, id=unit["id"], text=text, extra=extra))
    n_missing = len(units.keys() - {coding.id for coding in kept})
    notes = []
    if strangers:
        n = say_count(len(strangers), "coding was", "codings were")
        notes.append(
            f"{n} rejected, as the id is not in the sample {sample}: is it the sample that was exported?"
        )
    if n_missing:
        notes.append(f"{say_count(n_missing, 'unit', 'units')} of the sample without a coding")
    if n_by_text:
        n = say_count(n_by_text, "coding was", "codings were")
        notes.append(f"{n} joined to the sample by the text, as the file has none of its ids")
    if n_changed:
        n = say_count(n_changed, "coding", "codings")
        notes.append(f"{n} had a text that differs from the sample's, which is used")
    return kept, rejects, notes


def _words(coding: Coding) -> tuple[str, ...]:
    return tuple(coding.text.split())


def _unique_texts(units: Iterable[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Units by their words; not those of which two have the same."""
    found: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for unit in units:
        found[tuple(unit["text"].split())].append(unit)
    return {words: same[0] for words, same in found.items() if len(same) == 1}


def _refuse_other_sample(
    strangers: Sequence[Coding], n_codings: int, sample_ids: set[Any], sample: str
) -> None:
    """Stop where the codings are of another sample: codes and sample ids show it, else many ids that are not there."""
    surely = [
        coding
        for coding in strangers
        if is_unit_code(coding.id)
        or ("sample_id" in coding.extra and coding.extra["sample_id"] not in sample_ids)
    ]
    if not surely and len(strangers) <= MAX_STRANGERS * n_codings:
        return
    rejects = [_reject_stranger(coding, sample) for coding in surely or strangers]
    raise DataError(
        f"{sample}: {len(strangers)} of {say_count(n_codings, 'coding', 'codings')} have ids that are not in this "
        f"sample: {list_rejects(rejects)}. Give the sample that was exported as --sample, or leave these rows out"
    )


def _reject_stranger(coding: Coding, sample: str) -> Reject:
    return Reject(coding.where, f"the id '{shorten(coding.id, 80)}' is not in the sample {sample}")


def list_rejects(rejects: Sequence[Reject]) -> str:
    """The first rejects with their reasons, in a line."""
    listed = "; ".join(f"{reject.where}: {reject.reason}" for reject in rejects[:_LISTED])
    return listed + (f"; and {len(rejects) - _LISTED} more" if len(rejects) > _LISTED else "")


def _note_untouched(n: int) -> list[str]:
    return [f"{say_count(n, 'unit has', 'units have')} no annotation yet"] if n else []


def _note_without_design(codings: Sequence[Coding]) -> list[str]:
    n = sum("inclusion_probability" not in coding.extra for coding in codings)
    if not n:
        return []
    no_design = say_count(n, "coding has", "codings have")
    return [f"{no_design} no inclusion probability, which estimates need; --sample FILE joins it"]


def _note_blank(codings: Sequence[Coding], *, empty_is_coded: bool) -> list[str]:
    n = sum(coding.status == "skipped" for coding in codings)
    if not n or empty_is_coded:
        return []
    skipped = say_count(n, "coding counts", "codings count")
    return [f"{skipped} as skipped; where blank means that no frame is there, import with --empty-is-coded"]
