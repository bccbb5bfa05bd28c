"""Nothing is sent and nothing is fetched: the commands with the network cut off, every attempt written down.

An audit hook in every Python process of a command records whatever asks for an address or a connection, and
refuses it. Where the system lets a user do so, the commands also run in a network namespace of their own, which
stops native code as well.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"
HOOK = """
import os, sys

def watch(event, arguments):
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        asked = arguments[-1]
        if isinstance(asked, (str, bytes)):  # a socket of this machine's own, such as a pipe between processes
            return
    elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        asked = arguments[0]
    else:
        return
    place = os.open(os.environ["ATTEMPTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(place, f"{event} {asked!r}\\n".encode())
    os.close(place)
    raise OSError("the network is cut off")

sys.addaudithook(watch)
"""
CONFIG = """
name: offline
data: {codebook: "sample:codebook.yaml", labelled: "sample:labelled_sentences.jsonl"}
model: {kind: tfidf, char_ngrams: null, c_grid: [3.0]}
evaluation: {bootstrap_samples: 100}
tracking: {register_as: offline}
"""
TALKATIVE = {
    "mlflow",
    "ray",
    "huggingface_hub",
    "transformers",
    "datasets",
    "accelerate",
    "setfit",
    "evaluate",
}
SETTINGS = {"pipeline.no_telemetry", "pipeline.tracking.mlflow_environment"}


def namespace() -> list[str]:
    """The command that starts another without a network; empty where this user may not."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    for options in ("-n", "-rn"):
        if subprocess.run([unshare, options, "true"], capture_output=True, check=False).returncode == 0:
            return [unshare, options]
    return []


class CutOff:
    """Runs Python without a network and remembers what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._attempts = folder / "attempts.txt"
        (folder / "hook").mkdir()
        (folder / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
        self._prefix = namespace()

    @property
    def attempts(self) -> list[str]:
        return self._attempts.read_text(encoding="utf-8").splitlines() if self._attempts.exists() else []

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HF_", "RAY_", "DO_NOT"))}
        places = os.pathsep.join([str(self.folder / "hook"), str(PACKAGE.parent)])
        return subprocess.run(
            [*self._prefix, sys.executable, "-P", *arguments],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": places, "ATTEMPTS": str(self._attempts)} | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def frames(self, *arguments: str) -> str:
        done = self.python("-m", "pipeline.cli", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def cut_off(tmp_path: Path) -> CutOff:
    return CutOff(tmp_path)


def test_the_watch_sees_an_attempt(cut_off: CutOff) -> None:
    done = cut_off.python("-c", "import urllib.request as u; u.urlopen('http://example.org', timeout=3)")
    assert done.returncode == 1
    assert cut_off.attempts == ["socket.getaddrinfo 'example.org'"]
    cut_off.python("-c", "import socket; socket.create_connection(('192.0.2.1', 80), timeout=3)")
    assert len(cut_off.attempts) > 1


def test_from_a_new_project_to_the_report_nothing_asks_for_the_network(cut_off: CutOff) -> None:
    folder = cut_off.folder
    (folder / "offline.yaml").write_text(CONFIG, encoding="utf-8")
    cut_off.frames("init", "project")
    cut_off.frames("train", "offline.yaml")
    cut_off.frames(
        "predict",
        str(PACKAGE / "sample/channel_export"),
        "--model",
        "models:/offline/1",
        "--output",
        "scores",
    )
    cut_off.frames("report", "scores", "--output", "report.html")
    assert (folder / "report.html").stat().st_size > 10_000
    assert cut_off.attempts == []


READ_ENCODER = """
from pipeline.classifiers.encoder.encoders import find_encoder
from pipeline.classifiers.transformer.pretrained import read_network, read_tokenizer
encoder = find_encoder("embedded")
read_tokenizer(encoder), read_network(encoder)
"""
FETCH = """
from pipeline.classifiers.encoder.encoders import find_encoder
find_encoder("someone/some-encoder", allow_download={allowed})
"""


def test_the_embedded_encoder_is_read_without_asking_the_hub(cut_off: CutOff) -> None:
    done = cut_off.python("-c", READ_ENCODER)
    assert done.returncode == 0, done.stderr
    assert cut_off.attempts == []


def test_the_hub_is_asked_where_the_config_says_so_and_the_environment_does_not_forbid_it(
    cut_off: CutOff,
) -> None:
    refused = cut_off.python("-c", FETCH.format(allowed=False))
    assert "set model.allow_download: true" in refused.stderr
    offline = cut_off.python("-c", FETCH.format(allowed=True), HF_HUB_OFFLINE="1")
    assert "could not be fetched" in offline.stderr
    assert cut_off.attempts == []
    fetched = cut_off.python("-c", FETCH.format(allowed=True))
    assert "could not be fetched from the model hub" in fetched.stderr
    assert any("huggingface.co" in attempt for attempt in cut_off.attempts)


# Reports of use

VERDICTS = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
import huggingface_hub.constants, mlflow.telemetry.utils
print(json.dumps([mlflow.telemetry.utils.is_telemetry_disabled(), huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY]))
"""
ENTRIES = {
    "command": ["pipeline.cli"],
    "predict alone": ["pipeline.predict"],
    "training from a notebook": ["pipeline.training.tracked_training"],
    "a model that MLflow serves": ["pipeline.tracking.pyfunc_model"],
    "an encoder from a notebook": ["pipeline.classifiers.encoder.encoders"],
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_libraries_report_no_use_whichever_way_one_comes_in(cut_off: CutOff, entry: str) -> None:
    done = cut_off.python("-c", VERDICTS, *ENTRIES[entry])
    assert done.stdout.splitlines()[-1:] == ["[true, true]"], done.stderr
    assert cut_off.attempts == []


def test_what_the_user_has_set_stays(cut_off: CutOff) -> None:
    code = "import os, pipeline.no_telemetry as n; print([os.environ[name] for name in sorted(n.SETTINGS)])"
    mine = dict.fromkeys(("DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY", "MLFLOW_DISABLE_TELEMETRY"), "mine")
    done = cut_off.python("-c", code, **mine, RAY_USAGE_STATS_ENABLED="1")
    assert done.stdout.strip() == "['mine', 'mine', 'mine', '1']"


def test_ray_reports_no_use(cut_off: CutOff) -> None:
    pytest.importorskip("ray")
    code = (
        "import pipeline.scoring.engines.ray_data\n"
        "from ray._common.usage import usage_lib; print(usage_lib.usage_stats_enabled())"
    )
    done = cut_off.python("-c", code)
    assert done.stdout.strip() == "False", done.stderr


def imports_of(body: list[ast.stmt]) -> list[str]:
    """Modules in the order in which a file imports them, functions included."""
    found = []
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize(
    "source", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_settings_come_before_the_libraries_that_read_them(source: Path) -> None:
    names = imports_of(ast.parse(source.read_text(encoding="utf-8")).body)
    talkative = [i for i, name in enumerate(names) if name.partition(".")[0] in TALKATIVE]
    settings = [i for i, name in enumerate(names) if name in SETTINGS]
    assert not talkative or (settings and settings[0] < talkative[0]), (
        "import pipeline.no_telemetry before them"
    )
