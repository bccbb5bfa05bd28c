"""A tokenizer.json that may be a stranger's: only parts that are known to take time and memory in line with a text.

The library runs whatever the file describes: a replacement that makes texts grow at every step, a pattern that takes
exponential time (and ends in a panic, which is no exception), a hundred thousand tokens around each text. So the file
is read as data first. What encoders on the hub are made of is allowed; everything else is refused by name.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from pipeline.errors import ModelError, shorten

MOST_BYTES: Final = 64_000_000
MOST_ADDED_TOKENS: Final = 20_000
LONGEST_ADDED_TOKEN: Final = 200  # characters
MOST_AROUND_A_TEXT: Final = 16  # tokens, or characters put before it
MOST_PARTS: Final = 16  # of a sequence
LONGEST_WORD: Final = 1000  # characters that WordPiece reads of a word
LONGEST_MAPPING: Final = 64  # bytes that a compiled normaliser puts in the place of a character
_NORMALIZERS: Final = frozenset(
    [
        "BertNormalizer",
        "Lowercase",
        "NFC",
        "NFD",
        "NFKC",
        "NFKD",
        "Nmt",
        "Precompiled",
        "Prepend",
        "Replace",
        "Sequence",
        "Strip",
        "StripAccents",
    ]
)
_PRE_TOKENIZERS: Final = frozenset(
    [
        "BertPreTokenizer",
        "ByteLevel",
        "Digits",
        "Metaspace",
        "Punctuation",
        "Sequence",
        "Split",
        "Whitespace",
        "WhitespaceSplit",
    ]
)
_POST_PROCESSORS: Final = frozenset(
    ["BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence", "TemplateProcessing"]
)
_MODELS: Final = frozenset(["BPE", "Unigram", "WordLevel", "WordPiece"])
# Patterns of published tokenizers: runs of spaces, and how GPT-4, Llama 3 and Qwen cut words; each takes linear time
_WORDS: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PATTERNS: Final = frozenset((" {2,}", r"\s+", r"\n", _WORDS % r"\p{N}{1,3}", _WORDS % r"\p{N}"))


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a tokenizer, without padding and truncation.

    Raises:
        ModelError: the file is too large, no tokenizer, or made of parts that are not allowed.
    """
    text = check_tokenizer_file(path)
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # noqa: BLE001 - the library raises no other kind
        raise ModelError(f"{path}: not a readable tokenizer: {shorten(error)}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_tokenizer_file(path: Path) -> str:
    """Refuse a tokenizer whose time or memory a text could drive up; what the file holds.

    Raises:
        ModelError: as `load_tokenizer`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ModelError(f"{path}: {path.stat().st_size:,} bytes; a tokenizer has at most {MOST_BYTES:,}")
    try:
        text = path.read_text(encoding="utf-8")
        refused = list(_find_refused(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: not a readable tokenizer: {shorten(error)}") from None
    if refused:
        raise ModelError(
            f"{path}: refused: {refused[0]}. Only parts of published tokenizers are run, see docs/trust.md"
        )
    return text


def _find_refused(described: Mapping[str, Any]) -> Iterator[str]:
    added = described.get("added_tokens") or []
    if len(added) > MOST_ADDED_TOKENS or any(len(token["content"]) > LONGEST_ADDED_TOKEN for token in added):
        yield (
            f"{len(added):,} added tokens; at most {MOST_ADDED_TOKENS:,} of up to {LONGEST_ADDED_TOKEN} characters"
        )
    for where, allowed in (
        ("normalizer", _NORMALIZERS),
        ("pre_tokenizer", _PRE_TOKENIZERS),
        ("post_processor", _POST_PROCESSORS),
        ("model", _MODELS),
    ):
        parts = list(_list_parts(described.get(where)))
        if len(parts) > MOST_PARTS:
            yield f"a {where} of {len(parts):,} parts"
        for part in parts:
            if part["type"] not in allowed:
                yield f"a {where} of type {shorten(part['type'], 60)!r}"
            yield from _judge(part)
    around = sum(_count_around(part) for part in _list_parts(described.get("post_processor")))
    if around > MOST_AROUND_A_TEXT:
        yield f"{around:,} tokens around each text; at most {MOST_AROUND_A_TEXT}"


def _list_parts(part: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """A part and, of a sequence, all that it is made of."""
    if part is None:
        return
    yield {"type": "BPE", **part} if "merges" in part else part  # old files do not name this type
    for name in ("normalizers", "pretokenizers", "processors"):
        for inner in part.get(name) or []:
            yield from _list_parts(inner)


def _judge(part: Mapping[str, Any]) -> Iterator[str]:
    kind = part["type"]
    if kind in {"Replace", "Split"}:
        [(form, pattern)] = part["pattern"].items()
        if form != "String" and pattern not in _PATTERNS:
            yield f"the pattern {shorten(pattern, 60)!r}, whose time nobody has bounded"
        if kind == "Replace" and len(part["content"]) > len(pattern):
            yield f"a replacement that makes texts longer: {shorten(pattern, 30)!r} by {shorten(part['content'], 30)!r}"
        if form == "String" and not pattern:
            yield "an empty pattern, which stands everywhere"
    elif kind == "Prepend" and len(part["prepend"]) > MOST_AROUND_A_TEXT:
        yield f"{len(part['prepend'])} characters before each text"
    elif kind == "Precompiled":
        longest = _longest_mapping(part["precompiled_charsmap"])
        if longest > LONGEST_MAPPING:
            yield f"a normaliser that puts {longest:,} bytes in the place of a character"
    elif kind == "WordPiece" and part.get("max_input_chars_per_word", 100) > LONGEST_WORD:
        yield f"words of {part['max_input_chars_per_word']:,} characters; at most {LONGEST_WORD:,}"


def _longest_mapping(charsmap: str | None) -> int:
    """Bytes of the longest replacement in SentencePiece's table: a trie with its length in front, then the texts."""
    if not charsmap:
        return 0
    table = base64.b64decode(charsmap)
    texts = table[4 + int.from_bytes(table[:4], "little") :]
    return max(map(len, texts.split(b"\0")))


def _count_around(part: Mapping[str, Any]) -> int:
    if part["type"] != "TemplateProcessing":
        return 2
    special = {name: len(token["ids"]) for name, token in part["special_tokens"].items()}
    places = [place["SpecialToken"]["id"] for place in part["single"] if "SpecialToken" in place]
    return sum(special.get(name, 1) for name in places)
