"""Help pages as plain text: commands under their panels in data order, and examples that can be copied.

Nothing is read as markup, so that text of any origin is shown as it is, at a terminal and in a pipe alike.
"""

from itertools import groupby
from typing import Any

from typer.core import TyperCommand, TyperGroup

_EXAMPLE = "Example:"


def split_help(text: str) -> tuple[str, str, str]:
    """Summary, what else there is to say, and the example of a command's docstring.

    The summary is the first paragraph. The example is what follows "Example:", on one line.
    """
    prose, _, example = text.partition(_EXAMPLE)
    summary, *rest = (" ".join(paragraph.split()) for paragraph in prose.strip().split("\n\n"))
    return summary, "\n\n".join(rest), " ".join(example.split())


class CommandPage(TyperCommand):
    """A command whose example is written on one line, however long: a wrapped one could not be copied."""

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
    """A group that lists its commands panel by panel, in the order in which they were added; some have two words."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take two words for one command where there is one of that name."""
        two_words = " ".join(args[:2])
        if two_words in self.commands and len(args) > 1:
            args = [two_words, *args[2:]]
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write each panel with the summaries of its commands; a long summary goes on in the next line."""
        shown = [(name, command) for name, command in self.commands.items() if not command.hidden]
        widest = max((len(name) for name, _ in shown), default=0)
        for panel, entries in groupby(shown, key=lambda entry: _panel(entry[1])):
            with formatter.section(panel):
                formatter.write_dl(
                    [(name.ljust(widest), split_help(command.help or "")[0]) for name, command in entries]
                )


def _panel(command: Any) -> str:
    return str(getattr(command, "rich_help_panel", None) or "Commands")
