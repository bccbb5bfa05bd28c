"""A server that speaks the protocol of a language model's and answers by a script: no model is behind it.

For tests of how good and bad answers are read, and for measuring what asking costs besides the server's own time. What
a real model would say of a text is made up by the script, and nothing about real models follows from it.
"""

import json
import math
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

Body = dict[str, Any]

_FENCED: Final = re.compile(r"\A\[text ([0-9a-f]{16})\]\n(.*)\n\[end of text \1\]\Z", re.DOTALL)
_ALMOST: Final = 1e-6  # probability of the word that was not said, where it is given as certain


@dataclass(frozen=True, slots=True)
class Scripted:
    """What the server sends.

    Attributes:
        content: a JSON value, or bytes that are sent as they are.
        status: of HTTP.
        headers: besides length and type.
        seconds: that it takes.
        is_dropped: the connection is closed without an answer.
    """

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    is_dropped: bool = False


def asked_text(body: Body) -> str:
    """The text that a request is about, as it stands between the marks."""
    found = _FENCED.match(body["messages"][-1]["content"])
    if found is None:
        raise ValueError("the last message holds no text between marks")
    return found[2]


def asked_keys(body: Body) -> list[str]:
    """The keys that the answer is to have, from the last line of the instructions."""
    shape = body["messages"][0]["content"].rpartition("{")[2]
    return re.findall(r'"([^"]+)": true or false', shape)


def code_text(
    body: Body,
    chances: Mapping[str, float],
    *,
    gives_logprobs: bool = True,
    model: str = "scripted",
    fingerprint: str = "fp-1",
) -> Scripted:
    """A good answer.

    Args:
        body: of the request.
        chances: key -> P(true); the answer says true from one half on. Keys that are not there are false.
        gives_logprobs: the answer has log probabilities, where they are asked for.
        model: name that the server gives.
        fingerprint: that it gives.
    """
    tokens: list[tuple[str, float | None]] = [("{", None)]
    for i, key in enumerate(asked_keys(body)):
        chance = min(max(chances.get(key, _ALMOST), _ALMOST), 1 - _ALMOST)
        tokens += [(f'{", " if i else ""}"{key}', None), ('":', None)]
        tokens.append((" true" if chance >= 0.5 else " false", chance))  # noqa: PLR2004 - more likely than not
    tokens.append(("}", None))
    content = "".join(token for token, _ in tokens)
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": content},
    }
    if gives_logprobs and body.get("logprobs"):
        choice["logprobs"] = {"content": [_token(*token) for token in tokens]}
    return Scripted(
        {
            "id": "scripted",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "system_fingerprint": fingerprint,
            "choices": [choice],
            "usage": {
                "prompt_tokens": sum(len(message["content"]) for message in body["messages"]) // 4,
                "completion_tokens": len(tokens),
                "total_tokens": 0,
            },
        }
    )


def _token(text: str, chance: float | None) -> dict[str, Any]:
    others = [(text, 1.0)] if chance is None else [(" true", chance), (" false", 1 - chance)]
    shown = [{"token": word, "logprob": math.log(p), "bytes": list(word.encode())} for word, p in others]
    own = next(entry for entry in shown if entry["token"] == text)
    return {**own, "top_logprobs": shown}


class ScriptedLlmServer:
    """A server at a free port of this machine.

    Args:
        script: what it says to a request.
        keeps: remember the requests.
    """

    def __init__(self, script: Callable[[Body], Scripted], *, port: int = 0, keeps: bool = True) -> None:
        self.script = script
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.keeps, self._port = keeps, port
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> None:
        """Listen, at the port of before if it was started before."""
        server = _Server(("127.0.0.1", self._port), self._handler())
        self._server, self._port = server, server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.drop_connections()
            self._server = None

    def answer(self, body: Body, headers: dict[str, str]) -> Scripted:
        """What is sent."""
        if self.keeps:
            self.requests.append(body)
            self.headers.append(headers)
        return self.script(body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                said = owner.answer(body, {name.casefold(): value for name, value in self.headers.items()})
                time.sleep(said.seconds)
                if said.is_dropped:
                    self.close_connection = True
                    return
                sent = said.content if isinstance(said.content, bytes) else json.dumps(said.content).encode()
                lines = {"Content-Type": "application/json", "Content-Length": str(len(sent)), **said.headers}
                head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
                self.wfile.write(f"HTTP/1.1 {said.status} x\r\n{head}\r\n".encode() + sent)

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *arguments: Any) -> None:
        self._open: list[Any] = []
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection."""
        self._open.append(request)
        super().process_request(request, client_address)

    def drop_connections(self) -> None:
        """As a server that dies."""
        for connection in self._open:
            with suppress(OSError):  # closed before
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


@contextmanager
def scripted_server(script: Callable[[Body], Scripted]) -> Iterator[ScriptedLlmServer]:
    """A server for the time of a block."""
    server = ScriptedLlmServer(script)
    server.start()
    try:
        yield server
    finally:
        server.stop()
