"""Scores of the layout before Delta, to today's: all versions of all posts, and which of them is current.

That layout was OUT/manifest.json, OUT/posts and OUT/sentences with part files below channel_folder=.../month=.../, and
OUT/_log with a record of each transaction: its part files with their checksums, and, until it was done, where they
were staged. Of two versions the one edited last was current, then the one scored last, then the one in the part file
of the later number, then the one in the later row; `sequence` is given in this order.
"""

import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.errors import DataError, PipelineError, shorten
from pipeline.files.durable_files import explain_full_disk
from pipeline.files.folder_lock import lock_folder
from pipeline.scoring.delta_table import DataFile, ScoreTable
from pipeline.scoring.score_output import OLD_MANIFEST, REJECTS
from pipeline.scoring.score_posts import post_schema, sentence_schema
from pipeline.scoring.score_queries import count_rows, open_duckdb, quote_name, quote_text
from pipeline.scoring.score_tables import POSTS, SENTENCES, ScoreTables

_FORMAT = 1
_LOG = "_log"
_KEPT = ("_ingested", "_training")  # folders that scoring goes on with
_ROWS_AT_ONCE = 200_000
_READ_BYTES = 1 << 20
# A version of a post was scored once; had it been scored twice, it would have been in two runs.
_VERSION = "post_key, content_hash, bundle_hash, codebook_hash, scored_at"
_NUMBERED = f"""
    CREATE TEMP TABLE numbered AS SELECT {_VERSION}, filename, file_row_number AS row, row_number() OVER (
        ORDER BY scored_at, parse_filename(filename), file_row_number, filename
    ) - 1 AS sequence
    FROM old_posts
"""  # noqa: S608 - names of ours
_ROWS = {
    POSTS: """
        SELECT {columns} FROM old_posts o JOIN numbered n ON o.filename = n.filename AND o.file_row_number = n.row
        ORDER BY sequence
    """,
    SENTENCES: """
        SELECT {columns} FROM old_sentences o JOIN numbered n
            ON (o.post_key, o.content_hash, o.bundle_hash, o.codebook_hash, o.scored_at)
            = (n.post_key, n.content_hash, n.bundle_hash, n.codebook_hash, n.scored_at)
        ORDER BY sequence, sentence_index
    """,
}


@dataclass(frozen=True, slots=True)
class ConvertReport:
    """What was converted.

    Attributes:
        output: the new folder.
        posts: scored versions of posts.
        sentences: of these.
    """

    output: Path
    posts: int
    sentences: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"output": str(self.output)}


def convert_scores(old: Path, new: Path) -> ConvertReport:
    """Write the scores of an old output folder into a new one, in one commit; the old one stays as it is.

    Raises:
        DataError: `old` is no such folder, is damaged or written to; `new` is not empty; the disk is full.
    """
    manifest = _read_manifest(old)
    if new.exists() and any(new.iterdir()):
        raise DataError(f"{new}: is not empty; give a folder that does not exist yet")
    frame_ids = [str(frame) for frame in manifest["frames"]]
    with lock_folder(old), explain_full_disk(new):
        parts = _list_parts(old)
        new.mkdir(parents=True, exist_ok=True)
        try:
            with lock_folder(new), open_duckdb() as connection:
                return _convert(connection, parts, new, frame_ids, manifest, old)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)  # it was empty, and half of the scores are of no use
            raise


def _convert(  # noqa: PLR0917 - one step
    connection: duckdb.DuckDBPyConnection,
    parts: dict[str, list[Path]],
    new: Path,
    frame_ids: list[str],
    manifest: dict[str, Any],
    old: Path,
) -> ConvertReport:
    tables = ScoreTables.open_to_write(new, frame_ids)
    schemas = {POSTS: post_schema(frame_ids), SENTENCES: sentence_schema(frame_ids)}
    for name, schema in schemas.items():
        _register(connection, name, parts[name], schema)
    connection.execute(_NUMBERED)
    both = ((POSTS, tables.posts), (SENTENCES, tables.sentences))
    files = {name: list(_write(connection, name, table, schemas[name])) for name, table in both}
    counts = {name: sum(file.n_rows for file in files[name]) for name in schemas}
    _require_all_rows(connection, counts, old)
    if counts[POSTS]:
        last = dict(manifest["runs"][-1]) if manifest["runs"] else {}
        run = {**last, "earlier_runs": manifest["runs"][:-1]}
        tables.commit_files(files[POSTS], files[SENTENCES], counts[POSTS], run)
        if last.get("complete"):
            tables.note_run({**run, "complete": True})
    if (old / REJECTS).exists():
        shutil.copy(old / REJECTS, new)
    for folder in _KEPT:
        if (old / folder).is_dir():
            shutil.copytree(old / folder, new / folder)
    return ConvertReport(new, counts[POSTS], counts[SENTENCES])


def _read_manifest(old: Path) -> dict[str, Any]:
    path = old / OLD_MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(
            f"{old}: nothing to convert there (no {OLD_MANIFEST}); scores of this version need no conversion"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read: {shorten(error)}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise DataError(f"{path}: expected the manifest of an output folder, of format {_FORMAT}")
    _verify_sealed(path, manifest)
    if not isinstance(manifest.get("frames"), list) or not isinstance(manifest.get("runs"), list):
        raise DataError(f"{path}: damaged: it names no frames or no runs")
    return manifest


def _verify_sealed(path: Path, content: dict[str, Any]) -> None:
    """JSON files of that layout carry a checksum of their other keys, later ones of the same version at least."""
    checksum = content.pop("checksum", None)
    found = f"{zlib.crc32(json.dumps(content, sort_keys=True).encode()):08x}"
    if checksum not in {None, found}:
        raise DataError(f"{path}: damaged: its checksum does not fit its content. Restore it from a copy")


def _list_parts(old: Path) -> dict[str, list[Path]]:
    """Verified part files of both tables, those of a transaction that a crash left unfinished among them."""
    checksums: dict[str, set[str]] = {}
    written: dict[str, int] = {}  # the number of a file's transaction
    merged: dict[str, int] = {}  # of the last one that merged the files of a folder
    places = {
        path.relative_to(old).as_posix(): path
        for table in (POSTS, SENTENCES)
        for path in (old / table).rglob("part-*.parquet")
    }
    for record in sorted((old / _LOG).glob("[0-9]*.*")):
        stated = _read_record(record)
        for file, checksum in stated.get("checksums", {}).items():
            checksums.setdefault(file, set()).add(checksum)
            written[file] = int(record.stem)
        merged |= {folder: int(record.stem) for _, folder, *_ in stated.get("swaps", [])}
        if record.suffix == ".json":
            places |= _find_staged(old, stated)
    for file, path in places.items():
        if file in checksums and _checksum(path) not in checksums[file]:
            raise DataError(
                f"{path}: damaged: its checksum is not that of what was written. Restore it from a copy"
            )
    for file, number in written.items():
        if file not in places and merged.get(file.rpartition("/")[0], 0) <= number:
            raise DataError(f"{old / file}: is gone. Restore it from a copy")
    return {
        table: sorted(path for file, path in places.items() if file.startswith(f"{table}/"))
        for table in (POSTS, SENTENCES)
    }


def _find_staged(old: Path, stated: dict[str, Any]) -> dict[str, Path]:
    """Files of a transaction that was stated and not carried out to its end, by the places they belong to."""
    renames, swaps = stated.get("renames", []), stated.get("swaps", [])
    inside = old.resolve()
    if not all(
        (old / path).resolve().is_relative_to(inside) for pair in (*renames, *swaps) for path in pair[:2]
    ):
        raise DataError(f"{old / _LOG}: names a file outside of the output folder; it was tampered with")
    found = {final: old / staged for staged, final in renames if not (old / final).exists()}
    for staged, final, *_ in swaps:
        if not (old / final).exists():
            found |= {f"{final}/{path.name}": path for path in (old / staged).glob("part-*.parquet")}
    for path in found.values():
        if not path.exists():
            raise DataError(f"{path}: gone before its transaction was complete. Restore it from a copy")
    return found


def _read_record(record: Path) -> dict[str, Any]:
    try:
        stated = json.loads(record.read_bytes())
        _verify_sealed(record, stated)
    except PipelineError:
        raise
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(f"{record}: damaged: {shorten(error)}. Restore it from a copy") from None
    return dict(stated)


def _checksum(path: Path) -> str:
    checksum = 0
    with path.open("rb") as stream:
        while block := stream.read(_READ_BYTES):
            checksum = zlib.crc32(block, checksum)
    return f"{checksum:08x}"


def _register(connection: duckdb.DuckDBPyConnection, name: str, parts: list[Path], schema: pa.Schema) -> None:
    if not parts:
        for extra, kind in (("filename", pa.string()), ("file_row_number", pa.int64())):
            schema = schema.append(pa.field(extra, kind))
        connection.register(f"old_{name}", schema.empty_table())
        return
    files = ", ".join(quote_text(_escape(path)) for path in parts)
    options = "filename = true, file_row_number = true, hive_partitioning = false"
    connection.execute(f"CREATE VIEW old_{name} AS FROM read_parquet([{files}], {options})")


def _escape(path: Path) -> str:
    """A path for DuckDB, which takes some characters for patterns."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))


def _write(
    connection: duckdb.DuckDBPyConnection, name: str, table: ScoreTable, schema: pa.Schema
) -> Iterator[DataFile]:
    columns = ", ".join(
        "n.sequence" if column == "sequence" else f"o.{quote_name(column)}" for column in schema.names
    )
    reader = connection.sql(_ROWS[name].format(columns=columns)).to_arrow_reader(_ROWS_AT_ONCE)
    for batch in reader:
        yield table.store.write(pa.Table.from_batches([batch]).cast(schema))


def _require_all_rows(connection: duckdb.DuckDBPyConnection, counts: dict[str, int], old: Path) -> None:
    for name, n in counts.items():
        expected = count_rows(connection, f"old_{name}")
        if n != expected:
            raise DataError(
                f"{old / name}: {expected:,} rows belong to {n:,} of scored posts: part files are missing, or stand "
                "twice. Restore them from a copy"
            )
