"""One HTML file that needs nothing else: styles, scripts, plotting library and data stand in it.

Its content security policy lets no request out and runs the two scripts whose hashes it names, no other: text
of a post that should ever reach the page as markup would still not run. Texts are data, never markup: Jinja
escapes them, and the script sets them with textContent.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.files.durable_files import explain_full_disk, new_file, replacing
from pipeline.files.user_cache import user_cache

_TEMPLATES = files("pipeline.reporting") / "templates"


def render_page(
    template: str, *, scripts: Sequence[str], payload: dict[str, Any], context: dict[str, Any]
) -> str:
    """A template with everything inlined, as HTML.

    Args:
        template: name below `templates/`.
        scripts: the page's own scripts there, run in this order after the plotting library and `page.js`.
        payload: plain values that the script reads.
        context: what the template names.
    """
    own = "\n".join(_asset(name) for name in ("page.js", *scripts))
    sources = [_inline_safe(read_plotting_library()), _inline_safe(own)]
    environment = Environment(
        loader=PackageLoader("pipeline.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = lambda number: f"{int(number):,}"
    environment.filters["percent"], environment.filters["sentence"] = _percent, as_sentence
    return environment.get_template(template).render(
        context
        | {
            "policy": _policy(sources),
            "style": Markup(_asset("page.css")),  # noqa: S704 - ours, no data in it
            "scripts": [Markup(source) for source in sources],  # noqa: S704 - ours and the library's
            "payload": pack(payload),
        }
    )


def write_page(path: Path, html: str) -> int:
    """Write a page in one step, replacing what was there; its size in bytes.

    Raises:
        DataError: no room to write.
    """
    content = html.encode(errors="replace")  # half a surrogate pair is no character
    with explain_full_disk(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, new_file(temporary) as stream:
            stream.write(content)
    return len(content)


def pack(payload: dict[str, Any]) -> str:
    """Plain values as base64 of deflated JSON: letters, digits, + / = and nothing else."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate, which damaged exports hold, is no character and cannot be written as UTF-8.
    return base64.b64encode(zlib.compress(text.encode(errors="replace"), 9)).decode()


@cache
def read_plotting_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that sets `window.vegaEmbed`; it ships in a wheel.

    To put it together takes over a second, so it is kept in the user's cache, behind its hash.
    """
    name = f"vega-of-vl-convert-{version('vl-convert-python')}.js"
    with suppress(OSError, RuntimeError, UnicodeDecodeError):  # nothing kept yet, nowhere to keep it, damaged
        digest, _, script = (user_cache("plots") / name).read_text(encoding="utf-8").partition("\n")
        if digest == _sha256(script):
            return script
    import vl_convert  # noqa: PLC0415 - a large native library, for reports alone

    script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    with suppress(OSError, RuntimeError):
        path = user_cache("plots") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, new_file(temporary) as stream:
            stream.write(f"{_sha256(script)}\n{script}".encode())
    return script


def _sha256(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _inline_safe(script: str) -> str:
    """The script without what would end its element; inside strings and patterns the meaning stays."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(scripts: list[str]) -> str:
    hashes = [base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() for source in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def as_sentence(text: str) -> Markup:
    """A line with a capital first and, between backticks, code; a name such as nord_news keeps its letters."""
    capital = re.sub(r"^[a-z]+(?=[ ,])", lambda word: word[0].capitalize(), text)
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(capital)))
    return Markup(marked)  # noqa: S704 - escaped above


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"
