"""Every regular expression of the package, and inputs made from its own parts that cost it most.

Patterns are read from the source, so that no heavy module has to be imported: what stands in `re.compile(...)` and the
like is evaluated with the constants of its module; where that does not do, the module of `pipeline.data` is imported.
"""

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any, Final

PACKAGE: Final = Path(__file__).parent.parent / "pipeline"
_CALLS: Final = {"compile", "sub", "split", "search", "match", "fullmatch", "findall", "finditer"}
_ENDS: Final = ("", "\0", "!", "x", " ", "\n", '"')
_SIGNS: Final = " \t\n\ra1A.-_/@#<>\"'\\{[(:,;=&*\x1b\x90\u0301👉»"


@dataclass(frozen=True, slots=True)
class Found:
    """A pattern, where it stands ("sentences.py:REFERENCE", or the line where it has no name), and how it is used."""

    name: str
    pattern: re.Pattern[Any]
    uses: frozenset[str] = frozenset(("match", "fullmatch", "search"))


def find_patterns() -> tuple[list[Found], list[str]]:
    """All patterns, and the places of those that are made at run time and cannot be read."""
    found: list[Found] = []
    unread: list[str] = []
    sources = {
        path: path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
        if "benchmarks" not in path.parts
    }
    everything = "\n".join(sources.values())
    for path, source in sources.items():
        tree = ast.parse(source)
        values = _constants(tree)
        for name, call in _calls(tree):
            place = f"{path.name}:{name or call.lineno}"
            method = call.func.attr  # type: ignore[attr-defined]
            uses = frozenset((method,)) if method != "compile" else _uses_of(name, everything)
            try:
                arguments = [_evaluate(argument, values) for argument in call.args[:1]]
                flags = [_evaluate(word.value, values) for word in call.keywords if word.arg == "flags"]
                if method == "compile":
                    flags += [_evaluate(argument, values) for argument in call.args[1:2]]
                found.append(Found(place, re.compile(arguments[0], *flags), uses))
            except (NameError, TypeError, AttributeError):
                made = _import_pattern(path, name)
                found += [Found(place, made, uses)] if made else []
                unread += [] if made else [place]
    return found, unread


def _uses_of(name: str, everything: str) -> frozenset[str]:
    """What the package calls the pattern for; everything where nothing is seen."""
    calls = re.findall(rf"\b{re.escape(name)}\.(\w+)\(", everything) if name else []
    uses = {call if call in {"match", "fullmatch"} else "search" for call in calls if call in _CALLS}
    return frozenset(uses or ("match", "fullmatch", "search"))


def _import_pattern(path: Path, name: str) -> re.Pattern[Any] | None:
    if not name or path.parent.name != "data":
        return None
    made = getattr(importlib.import_module(f"pipeline.data.{path.stem}"), name)
    return made if isinstance(made, re.Pattern) else None


def _evaluate(node: ast.expr, values: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(node), "pattern", "eval"), {"re": re}, values)


def _constants(tree: ast.Module) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            try:
                values[target.id] = _evaluate(value, values)
            except Exception:  # noqa: BLE001 - only constants are wanted
                continue
    return values


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    names = {
        id(node.value): ast.unparse(target)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in _CALLS and isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
            yield names.get(id(node), ""), node


def make_inputs(pattern: re.Pattern[Any], length: int) -> Iterator[Any]:
    """Long texts on which a pattern of several repetitions may try all ways to share them out."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    pumps = dict.fromkeys(("", sign) for sign in _SIGNS)
    for prefix, pump in _repetitions(sre.parse(source, pattern.flags & ~re.DEBUG), ""):
        pumps |= dict.fromkeys(((prefix, pump), ("", prefix + pump), (prefix, pump + " "), ("", pump)))
    for prefix, pump in pumps:
        for end in _ENDS:
            text = prefix + pump * max(1, length // max(1, len(pump))) + end
            yield text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


def _repetitions(parts: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """What stands before each repetition, and what it repeats."""
    for operation, argument in parts:
        name = str(operation)
        if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            yield prefix, _example(argument[2]) or " "
            yield from _repetitions(argument[2], prefix)
        elif name in {"SUBPATTERN", "ATOMIC_GROUP"}:
            yield from _repetitions(argument[3] if name == "SUBPATTERN" else argument, prefix)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _repetitions(branch, prefix)
        elif name in {"ASSERT", "ASSERT_NOT"}:
            yield from _repetitions(argument[1], prefix)
        prefix += _example([(operation, argument)])


def _example(parts: Any) -> str:
    """A text that the parts match, nearly always."""
    return "".join(_example_of(str(operation), argument) for operation, argument in parts)


def _example_of(name: str, argument: Any) -> str:
    if name == "LITERAL":
        return chr(argument)
    if name in {"NOT_LITERAL", "ANY"}:
        return "a"
    if name == "IN":
        return _sign_in(argument)
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _example(argument[2]) * int(max(1, argument[0]))
    inner: dict[str, Callable[[], Any]] = {
        "SUBPATTERN": lambda: argument[3],
        "ATOMIC_GROUP": lambda: argument,
        "BRANCH": lambda: argument[1][0],
    }
    return _example(inner[name]()) if name in inner else ""


def _sign_in(choices: Any) -> str:
    """A sign of a set: tried one by one, with the ends of its own ranges."""
    own = [
        chr(value if isinstance(value, int) else value[0])
        for op, value in choices
        if str(op) in {"LITERAL", "RANGE"}
    ]
    is_negated = str(choices[0][0]) == "NEGATE"
    words = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a", "CATEGORY_NOT_SPACE": "x"}
    of_category = [words.get(str(value), "!") for op, value in choices if str(op) == "CATEGORY"]
    if not is_negated:
        return (own + of_category)[0]
    return next(sign for sign in "aя1!. \n\x01" if sign not in own and sign not in of_category)


def seconds_of(found: Found, text: Any, repeats: int = 1) -> float:
    """The dearest of the ways in which the pattern is used."""
    pattern, taken = found.pattern, []
    for use in found.uses:
        way: Callable[[Any], object] = getattr(pattern, use, pattern.search)
        if use not in {"match", "fullmatch"}:  # the dearest of the others, which go on behind a match
            way = lambda t: sum(1 for _ in pattern.finditer(t))  # noqa: E731
        best = float("inf")
        for _ in range(repeats):
            started = time.process_time()
            way(text)
            best = min(best, time.process_time() - started)
        taken.append(best)
    return max(taken)
