"""Command of the panel of results: the words behind a score."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import (
    AsJson,
    Debug,
    Model,
    find_model,
    print_json,
    require_paths,
)
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from pipeline.explanation.text_explanation import Explanation, FrameEvidence, WordEffect

_LISTED = 10  # words in a table
_MARKED_SHARE = 0.3  # of the largest effect, from which a word is marked in the text
_SMALLEST = 0.05  # log odds; smaller effects are neither listed nor marked


def explain(
    model: Model,
    text: Annotated[str | None, typer.Option("--text", help="The post to explain.")] = None,
    scores: Annotated[
        Path | None, typer.Option("--scores", help="Output folder of frames predict that holds the post.")
    ] = None,
    post: Annotated[
        str | None, typer.Option("--post", metavar="POST_KEY", help="Which post of it, e.g. channel/17.")
    ] = None,
    frame: Annotated[
        list[str] | None,
        typer.Option("--frame", help="Explain this frame even where it is not decided; may be repeated."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the words that raise or lower a post's scores.

    For each frame of the post, in the sentence that is its evidence.

    Example: frames explain models:/frames@champion --scores scores --post channel/17
    """

    def work() -> None:
        require_paths(model, scores)

        from pipeline.bundle import load_bundle
        from pipeline.errors import ConfigError
        from pipeline.explanation.text_explanation import (
            explain_sentences,
            place_sentences,
            read_placed_sentences,
        )

        if (text is None) == (scores is None) or (scores is None) != (post is None):
            raise ConfigError("expected either --text TEXT, or both --scores OUT and --post POST_KEY")
        bundle = load_bundle(find_model(model))
        if scores is not None and post is not None:
            sentences = read_placed_sentences(scores, post, bundle)
        else:
            sentences = place_sentences(text or "")
        explanation = explain_sentences(bundle, sentences, frame or ())
        if as_json:
            print_json(explanation.to_json())
        else:
            _print(console(), explanation)

    run_command(work, debug)


def _print(screen: Console, explanation: Explanation) -> None:
    from pipeline.commands.result_tables import plain_table

    screen.print(
        f"{explanation.sentences} sentences, read by {safe_text(explanation.model_id)}", soft_wrap=True
    )
    if not explanation.evidence:
        screen.print("No frame was found in them; --frame explains one all the same.")
        return
    for evidence in explanation.evidence:
        screen.print(f"\n{_describe(evidence)}", soft_wrap=True)
        screen.print(mark_words(evidence), soft_wrap=True)
        listed = _choose(evidence.words)[:_LISTED]
        rows = [(word.text, f"{word.effect:+.2f}", f"{word.start}-{word.end}") for word in listed]
        screen.print(plain_table("", ("word", "effect", "characters"), rows))
        others = sum(word.effect for word in evidence.words) - sum(word.effect for word in listed)
        if evidence.base is not None:
            screen.print(
                f"base {evidence.base:+.2f}, words above {sum(word.effect for word in listed):+.2f}, all others "
                f"{others:+.2f}; together log odds {evidence.log_odds:+.2f}"
            )
    screen.print("")
    for note in explanation.notes:
        screen.print(safe_text(note), soft_wrap=True)


def _describe(evidence: FrameEvidence) -> str:
    least = "" if evidence.threshold is None else f", decided from {evidence.threshold:.2f}"
    decided = "" if evidence.is_decided else " (not decided)"
    return (
        f"{safe_text(evidence.frame)}{decided}: probability {evidence.probability:.2f}{least}; sentence "
        f"{evidence.sentence_index + 1}"
    )


def mark_words(evidence: FrameEvidence) -> str:
    """The sentence on one line, safe to print, each word that counts in guillemets with its effect."""
    marked = {word.start for word in _choose(evidence.words)}
    parts, place = [], evidence.start
    for word in evidence.words:
        if word.start in marked:
            parts.append(safe_text(evidence.text[place - evidence.start : word.start - evidence.start]))
            parts.append(f"«{safe_text(word.text)} {word.effect:+.2f}»")
            place = word.end
    parts.append(safe_text(evidence.text[place - evidence.start :]))
    return "".join(parts)


def _choose(words: Iterable[WordEffect]) -> list[WordEffect]:
    """Words whose effect is worth showing, the strongest first."""
    ordered = sorted(words, key=lambda word: -abs(word.effect))
    least = max(_SMALLEST, _MARKED_SHARE * abs(ordered[0].effect)) if ordered else 0.0
    return [word for word in ordered if abs(word.effect) >= least]
