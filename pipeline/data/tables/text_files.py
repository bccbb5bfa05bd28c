"""The bytes of a text file: UTF-8, UTF-16 with its mark, or the encoding that the user names; another is proposed."""

import codecs
from pathlib import Path
from typing import Final, Literal, TextIO

from pipeline.errors import DataError, list_names, shorten

_CHUNK_BYTES: Final = 1 << 20
_SAMPLE_BYTES: Final = 1 << 15  # from which an encoding is proposed
_SAMPLE_CHARS: Final = 80
_CLOSE: Final = 0.1  # of the detector's measure of nonsense, from 0 to 1
_SHOWN: Final = 3
# What the languages of this field were written in; of the hundred others the detector would find some in any bytes.
_PROPOSED: Final = (
    *("cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"),
    *("cp1250", "cp1252", "cp1254", "cp1253", "cp1255", "cp1256", "iso8859_2", "utf_16_le", "utf_16_be"),
)


def check_codec(encoding: str | None) -> None:
    """Refuse a name that is no encoding of text, before anything is read.

    Raises:
        DataError: says what is expected.
    """
    if encoding is None:
        return
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        raise DataError(
            f"--encoding {shorten(encoding, 40)}: no such encoding; expected a name such as "
            f"{list_names(_PROPOSED[:4])} or cp1252"
        ) from None


def decode_utf8_head(head: bytes, *, errors: Literal["strict", "replace"] = "strict") -> str | None:
    """Decode the first bytes of a file: UTF-8 with or without BOM, or UTF-16 with BOM; None for other bytes.

    A character cut by the end of `head` is left out; the BOM is not part of the result. With "replace" a
    format can still be told by its structure, so that reading reports the wrong encoding with its position.
    """
    encoding = _encoding_of(head)
    if encoding is None:
        return None
    try:
        return codecs.getincrementaldecoder(encoding)(errors).decode(head, final=False)
    except UnicodeDecodeError:
        return None


def recode_head(head: bytes, encoding: str | None) -> bytes:
    """The first bytes of a file as UTF-8, where they are in the encoding that the user named."""
    if encoding is None or not (_is_wide(encoding) or decode_utf8_head(head) is None):
        return head
    return head.decode(encoding, errors="ignore").encode()


def check_encoding(path: Path, encoding: str | None = None, *, allow_cut_end: bool = False) -> str:
    """Read a text file once, or twice, and name its encoding, for `open`.

    Args:
        path: the file.
        encoding: of files that are neither UTF-8 nor marked as UTF-16; None to refuse those.
        allow_cut_end: accept a last character that is cut off, for readers that notice truncation themselves.

    Raises:
        DataError: other bytes; names their position and, where it can, the encoding that they look like.
    """
    with path.open("rb") as file:
        own = _encoding_of(file.read(4))
    if own is None:
        raise DataError(f"{path}: expected UTF-8, got UTF-32; save the file as UTF-8")
    if encoding is not None and own != "utf-16" and _is_wide(encoding):
        own = encoding
    byte = _find_wrong_byte(path, own, allow_cut_end=allow_cut_end)
    if byte is None:
        return own
    if encoding is None:
        remedy = propose_encoding(path, byte)
        raise DataError(f"{path}: expected UTF-8, got other bytes at position {byte:,}; {remedy}")
    wrong = _find_wrong_byte(path, encoding, allow_cut_end=allow_cut_end)
    if wrong is not None:
        raise DataError(f"{path}: neither UTF-8 nor {encoding}, which has no such byte as at {wrong:,}")
    return encoding


def open_text(path: Path, encoding: str | None = None, *, allow_cut_end: bool = False) -> TextIO:
    r"""Open a text file after checking all of it; line ends are kept as they are (newline="").

    Raises:
        DataError: see `check_encoding`.
    """
    found = check_encoding(path, encoding, allow_cut_end=allow_cut_end)
    # After the check only a cut last character can be replaced, and only where the caller allowed it.
    return path.open(encoding=found, errors="replace" if allow_cut_end else "strict", newline="")


def propose_encoding(path: Path, byte: int) -> str:
    """What to do about a file of another encoding: the one it looks like, with a line to judge by.

    Args:
        path: the file.
        byte: where its first byte stands that is no UTF-8.
    """
    import charset_normalizer  # noqa: PLC0415 - only for files that need it

    with path.open("rb") as file:
        file.seek(max(0, byte - _SAMPLE_BYTES // 8) & ~1)
        sample = file.read(_SAMPLE_BYTES)
    found = list(charset_normalizer.from_bytes(sample, cp_isolation=list(_PROPOSED)))
    close = [match for match in found if match.chaos <= found[0].chaos + _CLOSE][:_SHOWN]
    shown = [f'--encoding {match.encoding} reads "{_sample_line(str(match))}"' for match in close]
    if not shown:
        return "save the file as UTF-8, or name its encoding with --encoding"
    return f"{', '.join(shown)}: take the one that reads well, or save the file as UTF-8"


def _sample_line(text: str) -> str:
    """The line with most letters beyond ASCII, cut."""
    lines = text.replace("\r", "\n").split("\n")
    best = max(lines, key=lambda line: sum(char > "\x7f" and char.isalpha() for char in line[:_SAMPLE_CHARS]))
    return shorten(best, _SAMPLE_CHARS)


def _find_wrong_byte(path: Path, encoding: str, *, allow_cut_end: bool) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while True:
            position = file.tell()
            held = len(decoder.getstate()[0])
            chunk = file.read(_CHUNK_BYTES)
            try:
                decoder.decode(chunk, final=not chunk and not allow_cut_end)
            except UnicodeDecodeError as error:
                return position - held + error.start
            if not chunk:
                return None


def _encoding_of(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return None
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _is_wide(encoding: str) -> bool:
    """Whether ASCII text in this encoding would pass for UTF-8 with NUL characters."""
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
