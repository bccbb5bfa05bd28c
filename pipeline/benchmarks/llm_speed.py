"""Asking a language model about many texts: our rate beside the server's own, memory, and a kill in the middle.

    python -m pipeline.benchmarks.llm_speed --texts 10000 --connections 16 --delay 0.1

The server answers by a script after a fixed time, so what is measured is what asking costs besides the model. `bare` is
a loop over as many open connections that sends the same requests and throws the answers away: the server's own rate.
Ours is then killed (SIGKILL) at half of the texts and started again; the server counts what it is asked.
"""

import argparse
import http.client
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.benchmarks.peak_memory import peak_memory_bytes
from pipeline.benchmarks.scripted_llm_server import Body, Scripted, asked_text, code_text, scripted_server
from pipeline.classifiers.llm.asking import Asker, Call
from pipeline.classifiers.llm.parallel_calls import run_in_threads
from pipeline.classifiers.llm.questions import make_questions
from pipeline.config.model import LlmSettings
from pipeline.config.run_config import SAMPLE_FOLDER
from pipeline.data.codebooks.codebook import load_codebook

_MODEL: Final = "scripted"


def make_text(i: int) -> str:
    """A sentence of its own."""
    return (
        f"On day {i} the ministry said that its doors stay open to all delegations, as it had on day {i - 1}."
    )


def ask_all(url: str, n: int, connections: int, calls: Path) -> float:
    """By the code that is measured; the seconds that it took."""
    settings = LlmSettings(base_url=url, model=_MODEL, max_concurrency=connections, calls=str(calls))
    asker = Asker(settings, 0, is_loaded=False)
    question = make_questions(load_codebook(SAMPLE_FOLDER / "codebook.yaml"))[0]
    asker.find_form(question)
    started = time.perf_counter()
    found = asker.ask([Call(question, make_text(i)) for i in range(n)], "asking")
    if None in found:
        raise SystemExit("the scripted server gave an answer that could not be read")
    return time.perf_counter() - started


def send_all(url: str, n: int, connections: int) -> float:
    """The same requests, without reading the answers; the seconds that they took."""
    question = make_questions(load_codebook(SAMPLE_FOLDER / "codebook.yaml"))[0]
    place = urlsplit(url)
    schema = {
        "type": "json_schema",
        "json_schema": {"name": "coding", "strict": True, "schema": question.schema},
    }
    rest = {"model": _MODEL, "logprobs": True, "top_logprobs": 5, "temperature": 0, "response_format": schema}

    def work(share: int) -> None:
        line = http.client.HTTPConnection(str(place.hostname), place.port)
        for i in range(share, n, connections):
            body = json.dumps(rest | {"messages": question.messages(make_text(i))})
            line.request("POST", f"{place.path}/chat/completions", body, {"Content-Type": "application/json"})
            line.getresponse().read()
        line.close()

    started = time.perf_counter()
    run_in_threads(work, connections, connections, lambda _done: None)
    return time.perf_counter() - started


def measure(how: str, url: str, n: int, connections: int, calls: Path) -> dict[str, float]:
    """In a process of its own."""
    command = [sys.executable, "-m", "pipeline.benchmarks.llm_speed", "--measure", how, url, str(calls)]
    command += ["--texts", str(n), "--connections", str(connections)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    found: dict[str, float] = json.loads(done.stdout)
    return found


def kill_in_the_middle(url: str, n: int, connections: int, calls: Path, asked: Counter[str]) -> int:
    """Start, kill at half of the texts, and return how many answers were kept."""
    command = [sys.executable, "-m", "pipeline.benchmarks.llm_speed", "--measure", "ours", url, str(calls)]
    command += ["--texts", str(n), "--connections", str(connections)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:  # noqa: S603 - ourselves
        while asked.total() < n // 2:
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)
    with sqlite3.connect(calls) as kept:
        return int(kept.execute("SELECT count(*) FROM calls").fetchone()[0])


def run(n: int, connections: int, delay: float) -> None:
    """Measure and print."""
    asked: Counter[str] = Counter()

    def script(body: Body) -> Scripted:
        asked[asked_text(body)] += 1
        said = code_text(body, {})
        return Scripted(said.content, seconds=delay)

    with tempfile.TemporaryDirectory() as folder, scripted_server(script) as server:
        server.keeps = False
        _tell(f"{n:,} texts, {connections} connections, the server takes {delay * 1000:g} ms for each\n")
        for how in ("bare", "ours"):
            for size in (n,) if how == "bare" else (n // 10, n):
                found = measure(how, server.url, size, connections, Path(folder, f"{how}-{size}.sqlite"))
                rate, megabytes = size / found["seconds"], found["bytes"] / 2**20
                _tell(f"{how:5} {size:7,} texts  {rate:7.1f} texts/s  {megabytes:6,.0f} MiB at most\n")
        asked.clear()
        calls = Path(folder, "killed.sqlite")
        kept = kill_in_the_middle(server.url, n, connections, calls, asked)
        before = asked.total()
        measure("ours", server.url, n, connections, calls)
        again = asked.total() - before
        _tell(
            f"killed after {before:,} requests: {kept:,} answers kept. Started again: {again:,} requests for the "
            f"{n - kept:,} others; texts asked twice, open at the kill: {sum(count > 1 for count in asked.values())}\n"
        )


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main() -> None:
    """Entry point of `python -m pipeline.benchmarks.llm_speed`."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.benchmarks.llm_speed")
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--delay", type=float, default=0.1, help="seconds that the server takes (default: 0.1)"
    )
    parser.add_argument("--measure", nargs=3, metavar=("HOW", "URL", "CALLS"), help=argparse.SUPPRESS)
    options: Any = parser.parse_args()
    if not options.measure:
        run(options.texts, options.connections, options.delay)
        return
    how, url, calls = options.measure
    if how == "bare":
        seconds = send_all(url, options.texts, options.connections)
    else:
        seconds = ask_all(url, options.texts, options.connections, Path(calls))
    figures = {"seconds": seconds, "bytes": peak_memory_bytes()}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
