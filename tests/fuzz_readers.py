"""Coverage-guided fuzzing of one reader, and files given to readers under hard limits of memory and time.

    python tests/fuzz_readers.py --target rss --seconds 60 [--corpus FOLDER]
    python tests/fuzz_readers.py --replay rss FILE sentences FILE ... [--memory-mb 1000] [--seconds 20]

The first form needs atheris (`make fuzz`); what it finds stands in the current folder as crash-*. The second prints a
line of JSON for each file.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def fuzz(name: str, seconds: int, corpus: Path | None) -> None:
    """Run libFuzzer on one target until the time is up or a fault is found."""
    import atheris  # type: ignore[import-untyped]  # noqa: PLC0415 - Linux only, see the Makefile

    with atheris.instrument_imports(include=["pipeline"]):
        from fuzz_targets import TARGETS, try_input  # noqa: PLC0415 - instrumented

    from hostile import damage  # noqa: PLC0415

    target = TARGETS[name]
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    tried = {"inputs": 0}

    def change(data: bytes, most: int, seed: int) -> bytes:
        """Half of the changes are ours, which keep the form of the file; the others are libFuzzer's."""
        if Random(seed).random() < 0.5:
            return atheris.Mutate(data, most)  # type: ignore[no-any-return]
        return damage(data, target.seeds, seed)[:most]

    def read(data: bytes) -> None:
        tried["inputs"] += 1
        try_input(target, data, folder)

    corpus = corpus or folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        "-timeout=30",
        "-rss_limit_mb=3000",
        "-max_len=20000",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], read, custom_mutator=change)
    atheris.Fuzz()


def replay(pairs: list[str], memory_mb: int, seconds: int) -> None:
    """Give each target its file, with that much more memory than the process has once everything is loaded."""
    from fuzz_targets import TARGETS, FaultError, try_input  # noqa: PLC0415 - not before atheris instruments it

    folder = Path(tempfile.mkdtemp(prefix="replay-"))
    for target in TARGETS.values():  # loads what readers load late
        try_input(target, target.seeds[0], folder)
    limit_memory(memory_mb)
    for name, path in zip(pairs[::2], pairs[1::2], strict=True):
        started = time.process_time()
        data = Path(path).read_bytes()
        try:
            outcome = try_input(TARGETS[name], data, folder, seconds)
            result = {"records": outcome.records, "refused": outcome.refused}
        except FaultError as fault:
            result = {"fault": str(fault)}
        result |= {
            "file": Path(path).name,
            "target": name,
            "seconds": round(time.process_time() - started, 2),
        }
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


def limit_memory(megabytes: int) -> None:
    """Let this process take no more than that beyond what it has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--memory-mb", type=int, default=1000)
    parser.add_argument("--replay", nargs="+", default=[])
    parser.add_argument("--list", action="store_true", help="names of the targets")
    given = parser.parse_args()
    if given.list:
        from fuzz_targets import TARGETS  # noqa: PLC0415 - not before atheris instruments it

        sys.stdout.write(" ".join(TARGETS) + "\n")
    elif given.replay:
        replay(given.replay, given.memory_mb, given.seconds)
    else:
        fuzz(given.target, given.seconds, given.corpus)


if __name__ == "__main__":
    main()
