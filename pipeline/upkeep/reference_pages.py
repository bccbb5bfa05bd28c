"""Reference pages made from the code: `docs/commands.md`, `docs/config.md`, `docs/formats.md` and `docs/code.md`.

    python -m pipeline.upkeep.reference_pages --write     # after a change of commands or of the schema
    python -m pipeline.upkeep.reference_pages --check     # exits with 1 where a page is out of date

Commands are read from their signatures and docstrings, keys of a config from the pydantic schema and the
`Attributes:` of its docstrings, formats from what each reader says of its source.
"""

import argparse
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.models import ArgumentInfo, OptionInfo

from pipeline.cli import PANELS
from pipeline.commands.command_class import split_help
from pipeline.config.project import InboxSettings, ProjectSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.exports.detect import FORMATS
from pipeline.upkeep.code_map import write_code_page

_TYPE_NAMES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    type(None): "null",
    Any: "any value",
}
_BOUNDS = {"gt": "above {}", "ge": "{} or more", "lt": "below {}", "le": "{} or less"}
_MADE = (
    "<!-- Made by: python -m pipeline.upkeep.reference_pages --write. Edit the docstrings in the code, not "
    "this page. -->"
)


def write_commands_page() -> str:
    """Every command with its description, example, arguments and options, panel by panel (Markdown)."""
    lines = [
        "# Commands",
        "",
        _MADE,
        "",
        "In the order in which data flows. `frames COMMAND --help` shows the same at the terminal. Results go to",
        "standard output, progress and errors to standard error; nothing is drawn where that is no terminal. The exit",
        "status is 0, 1 for what you can mend, 2 for a wrong option; `frames update` has more ([daily.md](daily.md)).",
    ]
    for panel, commands in PANELS.items():
        lines += ["", f"## {panel}"]
        for name, command in commands.items():
            lines += ["", *_command_lines(name, command)]
    return "\n".join(lines) + "\n"


def _command_lines(name: str, command: Callable[..., Any]) -> Iterator[str]:
    summary, details, example = split_help(inspect.getdoc(command) or "")
    yield from (f"### frames {name}", "", summary)
    if details:
        yield from ("", details)
    yield from ("", "```console", example, "```")
    rows = [_parameter_row(entry) for entry in inspect.signature(command, eval_str=True).parameters.values()]
    if rows:
        yield ""
        yield from _table(("argument or option", "value", "default", "meaning"), rows)


def _parameter_row(parameter: inspect.Parameter) -> tuple[str, ...]:
    kind, info = get_args(parameter.annotation)[:2]
    if not isinstance(info, (ArgumentInfo, OptionInfo)):
        raise TypeError(f"{parameter.name}: expected a typer argument or option, got {info!r}")
    is_switch = kind is bool
    value = "" if is_switch else info.metavar or _type_text(kind)
    bounds = [text for text in (_from(info.min), _to(info.max)) if text]
    # Within Annotated the first flag stands where a default would stand otherwise; so typer reads it too.
    flags = [flag for flag in (info.default, *(info.param_decls or ())) if str(flag).startswith("-")]
    names = ", ".join(f"`{name}`" for name in flags or [parameter.name.upper()])
    return (names, ", ".join([value, *bounds]), _default_text(parameter, is_switch), info.help or "")


def _default_text(parameter: inspect.Parameter, is_switch: bool) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    return "" if is_switch or parameter.default is None else f"`{parameter.default}`"


def _from(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g} or more"


def _to(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g} or less"


def write_config_page() -> str:
    """Every key of a run config with type, default and meaning, section by section (Markdown)."""
    lines = [
        "# Keys of a run config",
        "",
        _MADE,
        "",
        "A config is one YAML file. Unknown keys, wrong types and impossible combinations are errors before any data",
        "is read. `--set section.key=value` changes one key on the command line. Paths are looked up beside the config",
        "file first, then in the current folder; `sample:NAME` names a file of the embedded example.",
        "`frames config-schema` prints the same as a JSON Schema, for editors.",
        "",
        *_section_lines("Top level", "", RunConfig),
    ]
    for key, field in RunConfig.model_fields.items():
        for model in _models(field.annotation):
            kind = model.model_fields.get("kind")
            title = f"`{key}`, with `kind: {kind.default}`" if kind else f"`{key}`"
            lines += ["", *_section_lines(title, f"{key}.", model)]
            for inner, entry in _entry_models(model):
                lines += ["", *_section_lines(f"`{key}.{inner}`, each entry", f"{key}.{inner}.KEY.", entry)]
    lines += [
        "",
        "# Keys of a project's file",
        "",
        "`project.yaml`, for `frames update`; see [daily.md](daily.md). Paths start from the file.",
        "",
        *_section_lines("Top level of `project.yaml`", "", ProjectSettings),
        "",
        *_section_lines("`inputs`, each entry", "", InboxSettings),
    ]
    return "\n".join(lines) + "\n"


def _entry_models(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Keys of a section that hold a mapping or a list, and the schema of its entries."""
    for key, field in model.model_fields.items():
        if get_origin(field.annotation) in {dict, tuple}:
            entries = get_args(field.annotation)[get_origin(field.annotation) is dict]
            yield from ((key, entry) for entry in _models(entries))


def _section_lines(title: str, prefix: str, model: type[BaseModel]) -> Iterator[str]:
    prose, meanings = _split_attributes(inspect.getdoc(model) or "")
    yield from (f"## {title}", "", prose, "")
    rows = []
    for key, field in model.model_fields.items():
        meaning = meanings.get(key, "")
        if _models(field.annotation) or key in dict(_entry_models(model)):
            rows.append((f"`{prefix}{key}`", "section", "required" if field.is_required() else "", meaning))
            continue
        default = "required" if field.is_required() else f"`{_yaml_text(_default_of(field))}`"
        rows.append((f"`{prefix}{key}`", _field_text(field), default, meaning))
    yield from _table(("key", "value", "default", "meaning"), rows)


def _split_attributes(docstring: str) -> tuple[str, dict[str, str]]:
    """Prose of a docstring and the meaning of each entry below its `Attributes:`."""
    prose, _, attributes = docstring.partition("Attributes:\n")
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", attributes, flags=re.MULTILINE)
    return " ".join(prose.split()), {name: " ".join(text.split()) for name, text in entries}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The schema sections that an annotation can hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    is_union = get_origin(annotation) in {Union, types.UnionType, Annotated}
    return [model for part in get_args(annotation) for model in _models(part)] if is_union else []


def _field_text(field: FieldInfo) -> str:
    return ", ".join([_type_text(field.annotation), *_bound_texts(field.metadata)])


def _type_text(annotation: Any) -> str:
    """A type in plain words; also the values of a choice and the bounds of a number."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind, *metadata = parts
        flat = [bound for entry in metadata for bound in getattr(entry, "metadata", [entry])]
        return ", ".join([_type_text(kind), *_bound_texts(flat)])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in parts)
    if origin in {Union, types.UnionType}:
        return " or ".join(_type_text(part) for part in parts if part is not type(None))
    if origin is dict:
        return f"mapping of {_type_text(parts[0])} to {_type_text(parts[1])}"
    if origin is tuple and parts[-1] is not Ellipsis:
        return f"list of {len(parts)}: {_type_text(parts[0])}"
    return f"list: {_type_text(parts[0])}" if origin in {list, tuple} else _TYPE_NAMES[annotation]


def _bound_texts(metadata: list[Any]) -> list[str]:
    bounds = [
        text.format(f"{bound:,}")
        for entry in metadata
        for name, text in _BOUNDS.items()
        if (bound := getattr(entry, name, None)) is not None
    ]
    patterns = [entry.pattern for entry in metadata if getattr(entry, "pattern", None)]
    return [*bounds, *(f"matches `{pattern}`" for pattern in patterns)]


def _default_of(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True, validated_data={})


def _yaml_text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_yaml_text, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        cells = (cell.replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"


def write_formats_page() -> str:
    """What `frames ingest` reads: each format, how to get it, what goes into which column (Markdown)."""
    lines = [
        "# Formats of posts",
        "",
        _MADE,
        "",
        "What `frames ingest` and `frames predict` read. A file's format is found from its content; `--format NAME`",
        "overrides. In the order in which they are tried.",
        "",
    ]
    rows = []
    for export_format in FORMATS:
        source = export_format.source
        reads = "<br>".join(f"`{column}`: {place}" for column, place in source.reads.items())
        rows.append((f"`{export_format.name}`", source.what, source.how, reads, source.ignores))
    lines += _table(
        ("format", "source", "how to export there", "what is read into which column", "what is not"), rows
    )
    return "\n".join([*lines, "", *_FORMAT_NOTES]) + "\n"


_FORMAT_NOTES = (
    "## Rules for all formats",
    "",
    "- **Text**: that of a poll is its question and answers, `Question? / Yes / No`; that of a message of",
    "  blocks (`rich_message`) its words, a block a line. What has no text is counted by kind. Each photo of",
    "  an album is a message; the caption is the post, under the number of the photo it stands at.",
    "- **Times** without a zone need `--timezone PLACE`, whose summer time is followed, or `--utc-offset",
    "  HOURS`. Of an hour that the end of summer time repeats, the first is taken. A date without a clock",
    "  names a day: it is midnight UTC of that day whatever the zone, so that no post moves into the day or",
    "  month before. Of `3/1/2024`, the other dates of the file say what comes first (`3/13/2024`); where",
    "  none does, `--date-order` is asked for. Months by name are read in thirteen languages, which the",
    "  message on a reject lists, days as `2024年3月12日`, and numbers in the digits of every script.",
    "- **Boilerplate** is kept with its post and never scored: links, tags and names alone, and lines that are",
    "  nothing but a call to subscribe, follow, join, read on or send news, in the languages that posts are",
    "  identified in (`Подписаться на канал`, `点击关注我们的频道`, `اشترك في القناة`, `Наш чат | Our chat`),",
    "  or state a source. A line is told by its own words and not by how often it recurs, so that scores do",
    "  not depend on what else is scored; other footers are scored as sentences.",
    "- **Columns** are known by names in English and a dozen other languages (`Номер`, `内容`, `التاريخ`).",
    "  Those of tables of which nothing is taken are named at the end; so is how many posts lack a number.",
    "- **Encoding**: UTF-8, and UTF-16 with its mark. Of other files the message shows a line under each",
    "  likely encoding; `--encoding NAME` is used for those files alone.",
    "- **Addresses** `t.me/NAME/12` and `t.me/s/NAME/12` give channel and number wherever a format has them.",
    "- **Chats of one name** are told apart by their number, `News (12345)`; in the HTML of an account by",
    "  their folder, `News (chat_07)`; in other pages by the times of messages of one number. Where posts",
    "  state a number, it is also told when one channel stands under two names.",
    "- **Which text is current**: of exports that show a channel at one moment, that of the export with the",
    "  latest message; elsewhere that of the latest edit. Telegram Desktop also sets `edited` when a reaction",
    "  is added: where the two disagree, the posts are counted in a warning. Older texts are in",
    "  `NAME.history.parquet`.",
    "- **Views, forwards, reactions** are those at the time of the export, rounded where the source rounds;",
    "  of several exports the largest counts and the reactions read last.",
    "- `links` holds the addresses that a text shows and those behind its words, divided by spaces.",
)


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": write_commands_page,
    "config.md": write_config_page,
    "formats.md": write_formats_page,
    "code.md": lambda: write_code_page(_MADE),
}


def out_of_date(folder: Path) -> list[Path]:
    """Pages of `folder` that are missing or differ from what the code says."""
    paths = {folder / name: page() for name, page in PAGES.items()}
    return [
        path for path, page in paths.items() if not path.is_file() or path.read_text(encoding="utf-8") != page
    ]


def main() -> None:
    """Entry point of `python -m pipeline.upkeep.reference_pages`."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.upkeep.reference_pages", description=__doc__.split("\n")[0]
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the pages")
    what.add_argument("--check", action="store_true", help="exit with 1 where a page is out of date")
    parser.add_argument("--folder", type=Path, default=Path("docs"), help="of the pages (default: docs)")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder: run this in the repository, or name it with --folder")
    stale = out_of_date(options.folder)
    for path in stale if options.write else ():
        path.write_text(PAGES[path.name](), encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")
    if options.check and stale:
        names = ", ".join(map(str, stale))
        sys.stderr.write(f"out of date: {names}; run python -m pipeline.upkeep.reference_pages --write\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
