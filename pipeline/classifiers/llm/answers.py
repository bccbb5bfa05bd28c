"""From what a server sends back to one number for each frame, or to a reason why there is none.

Where the server gives log probabilities of tokens, the number is P(true) / (P(true) + P(false)) at the place of the
value in the answer; else it is the answer itself, 0 or 1, of which several to one question are combined.
"""

import itertools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.llm.questions import RATIONALE, Question
from pipeline.classifiers.protocols import Probabilities
from pipeline.errors import shorten

LONGEST_ANSWER: Final = 100_000  # characters; more is no answer to our question
_OBJECTS_TRIED: Final = 100
_NOT_RULED_OUT: Final = 0.1  # probability of a parent from which its children are asked about
_WRAPPING: Final = ' \t\r\n":'  # what a token may hold besides the value


class BadAnswerError(ValueError):
    """An answer that cannot be read; the message says why, without the text that was asked about."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says.

    Attributes:
        values: for each frame of the question, in [0, 1].
        is_graded: they are probabilities of the server; else they are 0 or 1.
        rationale: the reason that was asked for, or "".
    """

    values: tuple[float, ...]
    is_graded: bool = False
    rationale: str = ""


def read_answer(content: object, question: Question) -> Reading:
    """The values of an answer.

    Raises:
        BadAnswerError: no JSON object, a key that is missing or stands twice, a value that is not true or false.
    """
    _, found = _find_object(content, question)
    for key in question.keys:
        if key not in found:
            raise BadAnswerError("a frame is missing in the answer")
        if not isinstance(found[key], bool):
            raise BadAnswerError("a value is not true or false")
    why = found.get(RATIONALE) if question.wants_rationale else ""
    return Reading(
        tuple(float(found[key]) for key in question.keys), rationale=why if isinstance(why, str) else ""
    )


def grade_answer(content: str, tokens: object, question: Question) -> tuple[float, ...] | None:
    """P(true) of each frame, from the log probabilities of the answer's tokens; None where they do not tell.

    Args:
        content: an answer that `read_answer` could read.
        tokens: the list of tokens, each with its alternatives, as the protocol has it.
        question: what was asked.
    """
    try:
        spans = _place_tokens(content, tokens)
        begin, _ = _find_object(content, question)
        return tuple(_grade(content, begin, spans, key) for key in question.keys)
    except (AttributeError, TypeError, ValueError, KeyError, IndexError):  # a server may send anything here
        return None


def combine_readings(readings: Sequence[Reading]) -> tuple[Probabilities, NDArray[np.bool_]]:
    """Several answers to one question as one: probabilities (n_asked,), and which frames are not to be ruled out.

    Graded answers are averaged. Of others the share of "yes" counts, (yes + 1/2) / (n + 1): the posterior mean under
    Jeffreys' prior, so that no number of answers is certainty. A graded answer among others counts as its probability.
    """
    values = np.array([reading.values for reading in readings], np.float32)
    if all(reading.is_graded for reading in readings):
        mean = values.mean(axis=0)
        return mean, mean >= _NOT_RULED_OUT
    share = (values.sum(axis=0) + 0.5) / (len(values) + 1)
    return share.astype(np.float32), values.max(axis=0) >= 0.5  # noqa: PLR2004 - an answer of yes


def _find_object(content: object, question: Question) -> tuple[int, dict[str, Any]]:
    """The first JSON object that speaks of the frames, and where it begins; models think aloud before it."""
    if not isinstance(content, str) or not content.strip():
        raise BadAnswerError("the answer is empty")
    if len(content) > LONGEST_ANSWER:
        raise BadAnswerError(f"the answer is longer than {LONGEST_ANSWER:,} characters")
    decoder = json.JSONDecoder(object_pairs_hook=_refuse_repeated)
    for begin in itertools.islice((found.start() for found in re.finditer(r"\{", content)), _OBJECTS_TRIED):
        try:
            found, _ = decoder.raw_decode(content, begin)
        except BadAnswerError:
            raise
        except (ValueError, RecursionError):
            continue
        if set(question.keys) & set(found):
            return begin, found
    raise BadAnswerError("the answer holds no JSON object with the frames")


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadAnswerError("a key stands twice in the answer")
    return found


def _place_tokens(content: str, tokens: Any) -> list[tuple[int, bytes, Sequence[Any]]]:
    """Start, bytes and alternatives of each token, in bytes of the content."""
    spans, start = [], 0
    for token in tokens:
        written = bytes(token["bytes"]) if token.get("bytes") is not None else token["token"].encode()
        spans.append((start, written, token["top_logprobs"]))
        start += len(written)
    if b"".join(written for _, written, _ in spans)[: len(content.encode())] != content.encode():
        raise ValueError("the tokens are not those of the answer")
    return spans


def _grade(content: str, begin: int, spans: list[tuple[int, bytes, Sequence[Any]]], key: str) -> float:
    found = re.compile(rf'"{re.escape(key)}"\s*:\s*(true|false)\b').search(content, begin)
    if found is None:
        raise ValueError("the key is written in another way")
    place = len(content[: found.start(1)].encode())
    alternatives = next(others for start, written, others in spans if start <= place < start + len(written))
    yes = no = 0.0
    for other in alternatives:
        word, weight = other["token"].strip(_WRAPPING).casefold(), math.exp(min(float(other["logprob"]), 0.0))
        if word and (word.startswith("true") or "true".startswith(word)):
            yes += weight
        elif word and (word.startswith("false") or "false".startswith(word)):
            no += weight
    share = yes / (
        yes + no
    )  # neither among the alternatives: an error, which the caller takes for "does not tell"
    if not 0 <= share <= 1:
        raise ValueError(f"not a probability: {shorten(share)}")
    return share
