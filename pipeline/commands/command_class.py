"""What all commands share: arguments that are checked before one runs, and help pages as plain text.

On these, commands stand under their panels in data order, with examples that can be copied. Nothing is read as
markup, so that text of any origin is shown as it is, at a terminal and in a pipe alike.
"""

from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from pipeline.files.safe_text import safe_text
from pipeline.files.stores import SCHEMES

_EXAMPLE = "Example:"
_STORES = {(scheme.removesuffix("//"),) for scheme in SCHEMES}


def split_help(text: str) -> tuple[str, str, str]:
    """Summary, what else there is to say, and the example of a command's docstring.

    The summary is the first paragraph. The example is what follows "Example:", on one line.
    """
    prose, _, example = text.partition(_EXAMPLE)
    summary, *rest = (" ".join(paragraph.split()) for paragraph in prose.strip().split("\n\n"))
    return summary, "\n\n".join(rest), " ".join(example.split())


class CommandPage(TyperCommand):
    """A command whose example is written on one line, however long: a wrapped one could not be copied.

    Where it takes paths, it refuses an object store, which would be read as a folder named "s3:". An option of one
    value that is given twice is refused too: the parser would take the last and say nothing of the others.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments.

        Raises:
            typer.BadParameter: an option of one value is given twice.
        """
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for parameter, n in Counter(order).items():
            if n > 1 and not parameter.multiple and not getattr(parameter, "is_flag", False):
                name = parameter.opts[-1]
                raise typer.BadParameter(
                    f"given {n} times; it takes one value", ctx=ctx, param_hint=f"'{name}'"
                )
        return list(super().parse_args(ctx, args))

    def invoke(self, ctx: Any) -> Any:
        """Run it; those that take object stores have texts among their parameters."""
        values = [
            entry
            for value in ctx.params.values()
            for entry in (value if isinstance(value, list) else [value])
        ]
        places = [str(value) for value in values if isinstance(value, Path) and value.parts[:1] in _STORES]
        if places:
            typer.echo(
                f"Error: {safe_text(places[0].replace(':/', '://', 1))}: expected a path on a disk: this command reads "
                "and writes no object store. Copy what it needs to a disk (frames scores export SCORES -o FOLDER does "
                "it for scores)",
                err=True,
            )
            raise typer.Exit(1)
        return super().invoke(ctx)

    def format_help_text(self, _ctx: Any, formatter: Any) -> None:
        """Write the description, then the example."""
        summary, details, example = split_help(self.help or "")
        for paragraph in (summary, *details.split("\n\n")):
            if paragraph:
                formatter.write_paragraph()
                with formatter.indentation():
                    formatter.write_text(paragraph)
        if example:
            with formatter.section("Example"):
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class PanelledGroup(TyperGroup):
    """A group that lists its commands by the names of their panels, in the order in which they were added."""

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write each panel with the summaries of its commands; a long summary goes on in the next line."""
        shown = [(name, command) for name, command in self.commands.items() if not command.hidden]
        shown.sort(key=lambda entry: _panel(entry[1]))  # typer has groups come first
        widest = max((len(name) for name, _ in shown), default=0)
        for panel, entries in groupby(shown, key=lambda entry: _panel(entry[1])):
            with formatter.section(panel):
                formatter.write_dl(
                    [(name.ljust(widest), split_help(command.help or "")[0]) for name, command in entries]
                )


def _panel(command: Any) -> str:
    return str(getattr(command, "rich_help_panel", None) or "Commands")
