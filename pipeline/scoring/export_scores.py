"""The current scores as plain files, for those who have no reader of the tables: Parquet, CSV or JSON lines.

What the tables leave out is added: the text of a post's scored sentences, the sentences that are its evidence, a link
to the post and, of a posts table, its own text. CSV begins with the mark by which spreadsheets know UTF-8; lists are
joined in it, evidence is JSON, and a text that begins with = + - @, a tab or a line break gets a leading ', so that no
spreadsheet runs it as a formula. JSON lines and Parquet hold texts as they are.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.data.posts.posts_table import is_posts_table
from pipeline.errors import DataError
from pipeline.files.durable_files import explain_full_disk, replacing
from pipeline.files.stores import Location
from pipeline.scoring.read_scores import open_scores, order_rows
from pipeline.scoring.score_queries import quote_name, quote_text

ExportFormat = Literal["parquet", "csv", "jsonl"]
_MARK = "\ufeff"  # as the other CSV files have it: without it Excel shows letters beyond ASCII as nonsense

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
_OF_TABLE = """
    SELECT made.*, told.text AS post_text FROM ({posts}) AS made
    LEFT JOIN (SELECT DISTINCT post_key, content_hash, text FROM {table}) AS told USING (post_key, content_hash)
"""
_SENTENCES = f"SELECT *, {_LINK} FROM current_sentences"  # noqa: S608 - names of ours


@dataclass(frozen=True, slots=True)
class ExportedScores:
    """What was written.

    Attributes:
        exported: the files, posts first.
        posts: in them.
        without_link: posts among them that have no link.
        without_post_text: posts that the posts table lacks, or has with another text; 0 without a table.
    """

    exported: tuple[Path, ...]
    posts: int
    without_link: int
    without_post_text: int = 0

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {"exported": [str(path) for path in self.exported]}


def export_scores(
    out: Location,
    export: ExportFormat,
    folder: Path | None = None,
    *,
    link: str = LINK,
    posts_table: Path | None = None,
) -> ExportedScores:
    """Write the current scores as posts.csv and sentences.csv, or .jsonl or .parquet.

    Args:
        out: the output folder of a scoring run.
        export: format of the files.
        folder: for the files; None for the output folder itself.
        link: how the link to a post is made; {channel} and {message_id} are filled in. Posts without a number, or of
            channels whose name is no part of an address, have none.
        posts_table: of `frames ingest`; gives each post its own text as `post_text`, since `text` has only the
            sentences that were scored.

    Raises:
        DataError: no scores there, or damaged ones; no posts table; the disk is full.
    """
    target, written = folder or out, list[Path]()
    if not isinstance(target, Path):
        raise DataError(f"{target}: plain files are written to a disk; name a folder: -o FOLDER")
    if posts_table is not None and not is_posts_table(posts_table):
        raise DataError(f"{posts_table}: expected the posts table that frames ingest wrote, posts.parquet")
    with explain_full_disk(target), open_scores(out) as connection:
        target.mkdir(parents=True, exist_ok=True)
        connection.execute(_TEXTS)
        posts = _POSTS.replace("$link", quote_text(link))
        sentences = _SENTENCES.replace("$link", quote_text(link))
        if posts_table is not None:
            source = f"read_parquet({quote_text(str(posts_table))})"
            posts = _OF_TABLE.format(posts=posts, table=source)
        for table, query in (("posts", posts), ("sentences", sentences)):
            path = target / f"{table}.{export}"
            described = connection.sql(f"DESCRIBE {query}").fetchall()
            described.sort(
                key=lambda column: column[0].endswith("_hash")
            )  # nobody reads them: they come last
            columns = ", ".join(
                _express(name, kind, export, _MARK if export == "csv" and place == 0 else "")
                for place, (name, kind, *_) in enumerate(described)
            )
            order = order_rows(table, "scored.")  # of the scores, not of the cells that are made of them
            with replacing(path) as temporary:
                connection.execute(
                    f"COPY (SELECT {columns} FROM ({query}) AS scored {order}) TO {quote_text(str(temporary))} "  # noqa: S608 - names are quoted
                    f"({_OPTIONS[export]})"
                )
            written.append(path)
        lacking = "0" if posts_table is None else "count(*) FILTER (post_text IS NULL)"
        [counts] = connection.sql(
            f"SELECT count(*), count(*) FILTER (link IS NULL), {lacking} FROM ({posts})"  # noqa: S608 - names of ours
        ).fetchall()
    return ExportedScores(tuple(written), *counts)


def _express(name: str, kind: str, export: ExportFormat, mark: str = "") -> str:
    """How a column of a DuckDB type is written to a file, as SQL; the mark goes before its name."""
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
    return f"{value} AS {quote_name(mark + name)}"


def _neutralise(value: str) -> str:
    return f"CASE WHEN regexp_matches({value}, {_FORMULA}) THEN '''' || {value} ELSE {value} END"
