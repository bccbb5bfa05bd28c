"""Text files that hold an article each: the whole file is one post.

Never told from content alone; taken where the user names the format, and for folders of nothing but such files.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, name_of_file
from pipeline.data.exports.message_parts import EMPTY
from pipeline.data.exports.pasted_text import MAX_POST_CHARS
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import open_text

_DATE = re.compile(r"(?P<date>\d{4}[-_.]?\d{2}[-_.]?\d{2})(?!\d)", re.ASCII)


class TextArticle:
    """Reader of one article a file; the channel is `options.channel`, else the folder's name."""

    name = "text-article"
    source = Source(
        what="a folder of text files, one article in each",
        how="give the folder; where it holds other files too, with --format text-article",
        reads={
            "channel": "the folder's name",
            "published_at": "a date at the beginning of the file's name, 2024-03-01",
            "text": "the whole file",
        },
        ignores="nothing",
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Never: an article looks like any other text."""
        return False

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Give the one post.

        Raises:
            DataError: other bytes than UTF-8.
        """
        with open_text(path, options.encoding) as file:
            text = clean_text(file.read(MAX_POST_CHARS + 1)).strip()
        if len(text) > MAX_POST_CHARS:
            yield Skipped(
                "reject", "the file", f"more than {MAX_POST_CHARS:,} characters; no article is that long"
            )
        elif not text:
            yield Skipped("no_text", "the file", "no text", what=EMPTY)
        else:
            folder = name_of_file(path.resolve().parent)
            yield RawPost(
                channel=options.channel or folder or name_of_file(path),
                message_id=None,
                published_at=_date_of(path),
                text=text,
                record="the file",
            )


FORMAT: Final = TextArticle()


def _date_of(path: Path) -> datetime | None:
    match = _DATE.match(path.name)
    if match is None:
        return None
    digits = re.sub(r"\D", "", match["date"])
    try:
        return parse_time(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}", ReadOptions())
    except ValueError:
        return None
