"""Sentences of a post, with their places in it.

A post is first cut into blocks at line ends, bullets and emoji that serve as bullets; razdel then finds the
sentences inside each block, and a few rules for English abbreviations mend what it does not know. Every
sentence is a slice of the post: `text[s.start:s.end] == s.text`. Between sentences lie only white space and
decoration (bullets, enumerators, emoji at the edges of a line).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from razdel.segmenters.sentenize import DELIMITER, SentSegmenter, SentSplitter

from pipeline.data import sentence_patterns as patterns

MAX_BLOCK = 2000  # characters; longer blocks are cut, so that no input makes the splitter slow
MIN_PIECE = 500  # characters; pieces of a long block are no shorter, except the last
MAX_TRAILER = 80  # characters; a "Read more ..." line that is longer says something of its own

Span = tuple[int, int]
_has_word = re.compile(r"\w").search
# razdel weighs every quote, bracket and full stop, and joins wherever no white space follows; not to offer it
# those places changes nothing in what it finds and takes half the time.
_sentenize = SentSegmenter(split=SentSplitter(rf"{DELIMITER}(?=\s)"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a post.

    Attributes:
        index: 0, 1, ... within the post.
        start: first character, counted in the post's text.
        end: one past the last character.
        text: the slice between them, unchanged (line ends inside included).
        is_boilerplate: hashtags, links, mentions or emoji alone, or a "Read more" or "Subscribe" line.
    """

    index: int
    start: int
    end: int
    text: str
    is_boilerplate: bool


def split_sentences(text: str) -> list[Sentence]:
    """Cut a post into sentences; boilerplate is marked, never dropped.

    Args:
        text: any Unicode text; time grows linearly with its length.

    Returns:
        Sentences in order, not overlapping, with `text[s.start:s.end] == s.text`.
    """
    spans = [
        span
        for block in _find_blocks(text)
        for piece in _bound_block(text, *block)
        for span in _split_piece(text, *piece)
    ]
    return [
        Sentence(index, start, end, text[start:end], is_boilerplate(text[start:end]))
        for index, (start, end) in enumerate(spans)
    ]


def is_boilerplate(sentence: str) -> bool:
    """Whether a sentence only refers elsewhere (tags, links, mentions, trailers) or holds no word at all."""
    if all(patterns.REFERENCE.match(token) or not _has_word(token) for token in sentence.split()):
        return True
    return len(sentence) <= MAX_TRAILER and patterns.TRAILER.match(sentence) is not None


def _find_blocks(text: str) -> Iterator[Span]:
    """Lines, or parts of lines at inner bullets; lines that one sentence runs through are one block."""
    block: Span | None = None
    for start, end, follows_directly in _find_parts(text):
        content_start, content_end, has_bullet = _strip_decoration(text, start, end)
        if block and follows_directly and not has_bullet and _goes_on(text, block, content_start):
            block = (block[0], content_end)
            continue
        if block:
            yield block
        block = (content_start, content_end)
    if block:
        yield block


def _find_parts(text: str) -> Iterator[tuple[int, int, bool]]:
    """Spans of lines cut at inner bullets; whether each is the line right after the one before."""
    has_decoration = patterns.DECORATION.search(text) is not None
    previous_end = 0
    adjoins = False
    for line in patterns.LINE.finditer(text):
        start, end = line.span()
        if line.group().isspace():
            adjoins = False
            previous_end = -2  # a line of white space separates as an empty one does
            continue
        gap = text[previous_end:start] if previous_end >= 0 else ""
        adjoins = len(gap) == 1 or gap == "\r\n"
        if has_decoration:
            for cut in patterns.INNER_BULLET.finditer(text, start, end):
                if cut.start() > start and not text[start : cut.start()].isspace():
                    yield start, cut.start(), adjoins
                    start, adjoins = cut.start(), False
        yield start, end, adjoins
        previous_end = end


def _strip_decoration(text: str, start: int, end: int) -> tuple[int, int, bool]:
    """The content of a part without white space and decoration, and whether a bullet stood before it.

    A part that is decoration alone is its own content: nothing is dropped.
    """
    lead = patterns.LEADING_DECORATION.match(text, start, end)
    content_start = lead.end() if lead else start
    content_end = end
    while content_end > content_start and patterns.EDGE.match(text[content_end - 1]):
        content_end -= 1
    if content_start == content_end:
        part = text[start:end]
        return start + len(part) - len(part.lstrip()), start + len(part.rstrip()), True
    return content_start, content_end, bool(text[start:content_start].strip())


def _goes_on(text: str, block: Span, start: int) -> bool:
    """Whether the line that starts at `start` goes on with the sentence that the block before has begun."""
    last = text[max(block[0], block[1] - 4) : block[1]]
    if patterns.FINISHED.search(last) or not (text[start].islower() or last[-1] in ",("):
        return False
    if patterns.DECORATION.search(text, block[1], start):  # an emoji at a line's end closes it
        return False
    next_token = text[start : start + 100].split(maxsplit=1)[0]
    beginning = text[block[0] : min(block[1], block[0] + MAX_TRAILER)]
    return not patterns.REFERENCE.match(next_token) and not is_boilerplate(beginning)


def _bound_block(text: str, start: int, end: int) -> Iterator[Span]:
    """Pieces of at most MAX_BLOCK characters: cut after a sentence if possible, else at white space, else hard."""
    while end - start > MAX_BLOCK:
        window = text[start : start + MAX_BLOCK]
        cut = max((match.end() for match in patterns.SAFE_CUT.finditer(window, MIN_PIECE)), default=0)
        if not cut:
            words = window.rsplit(maxsplit=1)
            cut = len(window) - len(words[1]) if len(words) > 1 and not window[-1].isspace() else MAX_BLOCK
            cut = cut if cut >= MIN_PIECE else MAX_BLOCK
        yield start, start + cut
        start += cut
    yield start, end


def _split_piece(text: str, start: int, end: int) -> Iterable[Span]:
    """Sentences of a piece: those of razdel, parted and joined where English abbreviations misled it."""
    spans: list[Span] = []
    for found in _sentenize(text[start:end]):
        for span in _part_hidden_ends(text, start + found.start, start + found.stop):
            if spans and _belong_together(text[slice(*spans[-1])], text[slice(*span)]):
                spans[-1] = (spans[-1][0], span[1])
            elif span[0] < span[1]:
                spans.append(span)
    return spans


def _part_hidden_ends(text: str, start: int, end: int) -> Iterator[Span]:
    if ". " in text[start:end]:
        for match in patterns.HIDDEN_END.finditer(text, start, end):
            yield start, start + len(text[start : match.end()].rstrip())
            start = match.end()
    yield start, end


def _belong_together(left: str, right: str) -> bool:
    if not _has_word(right) or not _has_word(left):
        return True
    tail = left[-12:]
    return tail.endswith(".") and (
        patterns.BEFORE_ANYTHING.search(tail) is not None
        or (patterns.NUMBER.match(right) is not None and patterns.BEFORE_NUMBER.search(tail) is not None)
        or (patterns.TIME_ZONE.match(right) is not None and patterns.TIME_OF_DAY.search(tail) is not None)
    )
