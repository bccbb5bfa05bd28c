"""Which of the export formats a file is of, told from its content and never from its name alone."""

import re
from pathlib import Path
from typing import Final

from pipeline.data.exports import (
    bot_api_json,
    json_feed,
    pasted_text,
    plain_json,
    plain_table,
    rss,
    tdlib_json,
    telegram_desktop_html,
    telegram_desktop_json,
    telegram_preview_html,
    telethon_json,
    text_article,
    tracker_csv,
    twitter_archive,
    vk_json,
)
from pipeline.data.exports.raw_posts import ExportFormat
from pipeline.data.tables.text_files import check_encoding, decode_utf8_head, recode_head
from pipeline.errors import DataError

HEAD_BYTES: Final = 1 << 16

# The first that matches is taken: the particular before the plain.
FORMATS: Final[tuple[ExportFormat, ...]] = (
    telegram_desktop_json.FORMAT,
    telegram_desktop_html.FORMAT,
    telegram_preview_html.FORMAT,
    telethon_json.FORMAT,
    tdlib_json.FORMAT,
    bot_api_json.FORMAT,
    vk_json.FORMAT,
    twitter_archive.FORMAT,
    tracker_csv.FORMAT,
    rss.FORMAT,
    json_feed.FORMAT,
    plain_table.PARQUET_FORMAT,
    plain_table.WORKBOOK_FORMAT,
    plain_json.LINES_FORMAT,
    plain_json.ARRAY_FORMAT,
    plain_table.CSV_FORMAT,
    pasted_text.FORMAT,
    text_article.FORMAT,
)
_STRUCTURED: Final = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".js")
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")  # no text in any encoding of one byte a character has these
_PACKED: Final = {
    b"\x1f\x8b": "packed by gzip; unpack it first (gunzip FILE.gz)",
    b"BZh": "packed by bzip2; unpack it first (bunzip2 FILE.bz2)",
    b"\xfd7zXZ\0": "packed by xz; unpack it first (unxz FILE.xz)",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it first (unzstd FILE.zst)",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an old Office document; save the sheet as 'CSV UTF-8'",
    b"SQLite format 3\0": "an SQLite database; export the table of messages as CSV",
    b"%PDF": "a PDF; copy the posts into a text file",
    b"From: <Saved by": "a web page archive (MHTML); save the page anew as 'Webpage, HTML only'",
    b"bplist00": "a web archive of Safari; save the page anew as 'Page Source'",
}


class ProseError(DataError):
    """A file that nobody named holds text that people write, in no known format."""


def format_by_name(name: str) -> ExportFormat:
    """Look a format up.

    Raises:
        DataError: no such format; lists them.
    """
    for export_format in FORMATS:
        if export_format.name == name:
            return export_format
    raise DataError(f"unknown format '{name}'; expected one of {_names()}")


def detect_format(path: Path, *, allow_prose: bool = True, encoding: str | None = None) -> ExportFormat:
    """Tell a file's format from its first 64 KiB.

    Args:
        path: the file.
        allow_prose: take any other text that people write as pasted posts; off for files that nobody named,
            such as a readme in a folder of exports.
        encoding: of text that is neither UTF-8 nor UTF-16.

    Raises:
        DataError: no such file, a folder, empty, unreadable, or of none of the formats.
    """
    head = recode_head(_read_head(path), encoding)
    for magic, what in _PACKED.items():
        if head.startswith(magic) and not plain_table.WORKBOOK_FORMAT.matches(path, head):
            raise DataError(f"{path}: {what}")
    for export_format in FORMATS:
        if export_format.matches(path, head):
            return export_format
    if pasted_text.is_prose(head):
        if path.suffix.lower() in _STRUCTURED:
            raise DataError(
                f"{path}: expected what {path.suffix.lower()} files hold, got prose; a table begins with the names of "
                f"its columns, so delete what stands above them. If it holds pasted posts, --format "
                f"{pasted_text.FORMAT.name}"
            )
        if allow_prose:
            return pasted_text.FORMAT
        raise ProseError(
            f"{path}: prose of no known format; if it holds pasted posts, name the file itself; if every file is an "
            f"article, --format {text_article.FORMAT.name}"
        )
    if decode_utf8_head(head) is None and not _CONTROL.search(head):
        check_encoding(path)  # says what is wrong with a text
    raise DataError(
        f"{path}: the content is of no known format (tried {_names()}); "
        "if it is one of them, name it with --format"
    )


def _names() -> str:
    return ", ".join(export_format.name for export_format in FORMATS)


def _read_head(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"{path}: expected a file, got a folder")
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not head.strip(b" \t\r\n\xef\xbb\xbf"):
        raise DataError(f"{path}: the file is empty")
    return head
