"""The current scores as plain files, for those who have no reader of the tables: Parquet, CSV or JSON lines.

What the tables leave out is added: the text of a post's scored sentences, the sentences that are its evidence, and a
link to the post. In CSV, lists are joined, evidence is JSON, and a text that begins with = + - @, a tab or a line
break gets a leading ', so that no spreadsheet runs it as a formula. JSON lines and Parquet hold texts as they are.
"""

from pathlib import Path
from typing import Literal

from pipeline.errors import DataError
from pipeline.files.durable_files import explain_full_disk, replacing
from pipeline.files.stores import Location
from pipeline.scoring.read_scores import open_scores, order_rows
from pipeline.scoring.score_queries import quote_name, quote_text

ExportFormat = Literal["parquet", "csv", "jsonl"]

LINK = "https://t.me/{channel}/{message_id}"
_OPTIONS = {
    "csv": "FORMAT csv, HEADER",
    "jsonl": "FORMAT json",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}
# How a spreadsheet recognises what it would run, as `record_files.guard_formula` has it, which takes the ' off again
_FORMULA = r"'^''*[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]'"
_ISO_TIME = "'%Y-%m-%dT%H:%M:%SZ'"
# A channel is a name that a link may hold, else there is no link.
_LINK = r"""
    CASE WHEN message_id IS NOT NULL AND regexp_full_match(channel, '[A-Za-z0-9_]+')
    THEN replace(replace($link, '{channel}', channel), '{message_id}', message_id::VARCHAR) END AS link
"""
_TEXTS = """
    CREATE TEMP TABLE texts AS
    SELECT sequence, string_agg(text, ' ' ORDER BY sentence_index) AS text,
        map_from_entries(list((sentence_index, text))) AS by_index
    FROM current_sentences GROUP BY sequence
"""
_POSTS = f"""
    SELECT p.*, t.text, list_transform(p.evidence, lambda e: t.by_index[e.sentence_index]) AS evidence_texts, {_LINK}
    FROM current_posts p LEFT JOIN texts t USING (sequence)
"""  # noqa: S608 - names of ours
_SENTENCES = f"SELECT *, {_LINK} FROM current_sentences"  # noqa: S608 - names of ours


def export_scores(
    out: Location, export: ExportFormat, folder: Path | None = None, *, link: str = LINK
) -> list[Path]:
    """Write the current scores as posts.csv and sentences.csv, or .jsonl or .parquet.

    Args:
        out: the output folder of a scoring run.
        export: format of the files.
        folder: for the files; None for the output folder itself.
        link: how the link to a post is made; {channel} and {message_id} are filled in. Posts without a number, or of
            channels whose name is no part of an address, have none.

    Returns:
        The files that were written.

    Raises:
        DataError: no scores there, or damaged ones; the disk is full.
    """
    target, written = folder or out, list[Path]()
    if not isinstance(target, Path):
        raise DataError(f"{target}: plain files are written to a disk; name a folder: -o FOLDER")
    with explain_full_disk(target), open_scores(out) as connection:
        target.mkdir(parents=True, exist_ok=True)
        connection.execute(_TEXTS)
        for table, query in (("posts", _POSTS), ("sentences", _SENTENCES)):
            path = target / f"{table}.{export}"
            filled = query.replace("$link", quote_text(link))
            described = connection.sql(f"DESCRIBE {filled}").fetchall()
            described.sort(
                key=lambda column: column[0].endswith("_hash")
            )  # nobody reads them: they come last
            columns = ", ".join(_express(name, kind, export) for name, kind, *_ in described)
            order = order_rows(table, "scored.")  # of the scores, not of the cells that are made of them
            with replacing(path) as temporary:
                connection.execute(
                    f"COPY (SELECT {columns} FROM ({filled}) AS scored {order}) TO {quote_text(str(temporary))} "  # noqa: S608 - names are quoted
                    f"({_OPTIONS[export]})"
                )
            written.append(path)
    return written


def _express(name: str, kind: str, export: ExportFormat) -> str:
    """How a column of a DuckDB type is written to a file, as SQL."""
    column = quote_name(name)
    value = column
    if kind.startswith("TIMESTAMP") and export != "parquet":
        value = f"strftime({column}, {_ISO_TIME})"
    elif export == "csv" and kind == "VARCHAR[]":
        value = _neutralise(f"array_to_string({column}, ';')")
    elif export == "csv" and kind.endswith("[]"):
        value = f"to_json({column})::VARCHAR"
    elif export == "csv" and kind == "VARCHAR":
        value = _neutralise(column)
    return f"{value} AS {column}"


def _neutralise(value: str) -> str:
    return f"CASE WHEN regexp_matches({value}, {_FORMULA}) THEN '''' || {value} ELSE {value} END"
