"""Sentences of a post, with their places in it.

A post is first cut into blocks at line ends, bullets and emoji that serve as bullets; inside each block, marks that
end sentences are looked for in any script, and rules say which of them do not end one (abbreviations, initials, dates,
quotations that go on). Every sentence is a slice of the post: `text[s.start:s.end] == s.text`. Between sentences lie
only white space and decoration (bullets, enumerators, emoji at the edges of a line). Thai and Lao have no such marks:
their lines are taken for sentences.

Own rules, because no library has them: ICU's sentence breaks (UAX 29) know marks but neither abbreviations nor that a
small letter goes on after "!", and break before closing signs; pysbd changes the text and so loses places; models that
find sentences without marks have to be downloaded.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.data.text import sentence_patterns as patterns
from pipeline.data.text.abbreviations import GOES_ON, NUMBER_FOLLOWS, PAIRS_GO_ON
from pipeline.data.text.boilerplate import MAX_TRAILER, REFERENCE, is_boilerplate

MAX_BLOCK = 2000  # characters; longer blocks are cut, so that no input makes the splitter slow
MIN_PIECE = 500  # characters; pieces of a long block are no shorter, except the last

Span = tuple[int, int]
LONGEST_ITEM = 20  # characters; an enumerator that is longer is a sentence
LONGEST_DATE = 50  # characters, with the word before it
LONGEST_WORD = 24  # characters; what is looked at on each side of a mark

_has_word = re.compile(r"\w").search


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
    return list(iter_sentences(text))


def iter_sentences(text: str) -> Iterator[Sentence]:
    """`split_sentences`, one sentence after the other."""
    spans = (
        span
        for block in _find_blocks(text)
        for piece in _bound_block(text, *block)
        for span in _split_piece(text, *piece)
    )
    for index, (start, end) in enumerate(spans):
        yield Sentence(index, start, end, text[start:end], is_boilerplate(text[start:end]))


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
    if patterns.FINISHED.search(last) or not (_is_small(text[start]) or last[-1] in ",(،，、"):
        return False
    if patterns.DECORATION.search(text, block[1], start):  # an emoji at a line's end closes it
        return False
    next_token = text[start : start + 100].split(maxsplit=1)[0]
    beginning = text[block[0] : min(block[1], block[0] + MAX_TRAILER)]
    return not REFERENCE.match(next_token) and not is_boilerplate(beginning)


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
    """Sentences of a piece."""
    spans: list[Span] = []
    for span in _find_ends(text, start, end):
        if spans and not (_has_word(text[slice(*span)]) and _has_word(text[slice(*spans[-1])])):
            spans[-1] = (spans[-1][0], span[1])
        else:
            spans.append(span)
    return spans


def _find_ends(text: str, start: int, end: int) -> Iterator[Span]:
    for match in patterns.END.finditer(text, start, end):
        after = match.end()
        if after < end and _ends_sentence(text, start, match):
            yield start, match.end() - len(match["space"] or "")
            start = after
    stop = start + len(text[start:end].rstrip())
    if start < stop:
        yield start, stop


def _ends_sentence(text: str, start: int, match: "re.Match[str]") -> bool:
    """Whether marks end the sentence that begins at `start`."""
    marks, after = match["marks"], match.end()
    if not _can_end(text, match):
        return False
    if text[after] in patterns.CLOSING_NEXT or patterns.SMILE.match(text, after):
        return False
    word = patterns.WORD_NEXT.match(text, after, after + LONGEST_WORD)
    if word is None:
        dash = patterns.DASH_NEXT.match(text, after, after + LONGEST_WORD)
        if dash and _is_small(dash[1]):
            return False
    elif _is_small(word[0]):
        return False
    if after - start <= LONGEST_ITEM and patterns.ITEM.match(text, start, after):
        return False
    is_bare = marks == "." and text[match.start() + 1].isspace()
    return not (is_bare and _is_abbreviated(text, start, match.start(), after, word[0] if word else ""))


def _is_small(word: str) -> bool:
    return word.islower() and not patterns.CASELESS.match(word)


def _can_end(text: str, match: "re.Match[str]") -> bool:
    """Whether marks of this kind, with or without white space after them, may end a sentence."""
    marks, before, after = match["marks"], match.start(), match.end()
    if marks[-1] in ":=፡":
        spaced = match["space"] is not None
        return spaced and patterns.COLON_ENDS.search(text, before - 1, match.end("marks")) is not None
    if match["space"]:
        return True
    if not patterns.SURE.search(marks):
        is_spaceless = text[before - 1 : before] >= patterns.FIRST_SPACELESS <= text[after]
        return is_spaceless and marks[-1] in "!?"
    if text[before - 1 : before].isdecimal() and text[after].isdecimal():
        return False
    if patterns.QUOTED.search(text, before, after):
        return not patterns.SPOKEN.match(text, after, after + LONGEST_WORD)
    return not patterns.AND_SO_ON.match(text, after)


def _is_abbreviated(text: str, start: int, stop: int, after: int, word: str) -> bool:
    """Whether the full stop at `stop` belongs to an abbreviation, an initial or a date that the text goes on from.

    Args:
        text: of the post.
        start: where the sentence begins.
        stop: place of the full stop.
        after: where the next sentence would begin.
        word: that stands there; "" where none does.
    """
    first = max(start, stop - LONGEST_WORD)
    found = patterns.LAST_WORD.search(text, first, stop)
    if found is None:
        return False
    last = found[0]
    if last.isdecimal():
        return _is_in_date(text, found.start(), stop, after)
    lower = last.lower()
    follows_number = lower in NUMBER_FOLLOWS and patterns.NUMBER.match(text, after) is not None
    if follows_number or patterns.STOPLESS.match(last[-1]):
        return True
    if len(last) > 1:
        return lower in GOES_ON
    pair = patterns.PAIR.search(text, first, stop)
    if pair and last.islower():
        is_time = patterns.TIME_OF_DAY.search(text, first, stop) is not None
        is_zoned = is_time and patterns.TIME_ZONE.match(text, after) is not None
        return is_zoned or (pair[1] + pair[2]).lower() in PAIRS_GO_ON
    is_dated = last in "рг" and _ends_with_date(text, start, stop)
    return (
        not is_dated
        and _is_initial(text, found.start(), last)
        and not (word in patterns.STARTERS and patterns.ACRONYM.search(text, first, stop))
    )


def _ends_with_date(text: str, start: int, stop: int) -> bool:
    """Whether a whole date ends what stands before it: not where it opens a sentence, or a preposition does."""
    dated = patterns.DATED.search(text, max(start, stop - LONGEST_DATE), stop)
    if dated is None or dated[1].lower() in patterns.BEFORE_DATES:
        return False
    return _has_word(text[start : dated.start()]) is not None


def _is_initial(text: str, place: int, letter: str) -> bool:
    """Whether a letter alone is no word and no ending of one ("nobody's")."""
    is_inside = text[place - 1 : place] in patterns.INSIDE_WORDS
    return letter.isalpha() and not is_inside and letter.lower() not in patterns.WORDS_OF_ONE_LETTER


def _is_in_date(text: str, number: int, stop: int, after: int) -> bool:
    """Whether a number with a full stop is part of a date, or a German ordinal."""
    if stop - number > 2:  # noqa: PLR2004 - a year, which Korean puts before month and day
        return patterns.YEAR.search(text, max(0, number - 1), stop) is not None and bool(
            patterns.MONTH.match(text, after)
        )
    return bool(patterns.REST_OF_DATE.match(text, after) or patterns.ORDINAL_NOUN.match(text, after))
