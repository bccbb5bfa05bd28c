"""Round trips with the programs themselves, each installed in an environment of its own.

Asked for by FRAMES_PROGRAMS=FOLDER, where the environments are made (minutes, network) and kept for the next time:

    FRAMES_PROGRAMS=/tmp/programs pytest tests/test_real_programs.py
"""

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.annotation.label_exchange import export_units, import_codings
from pipeline.data.codebooks.codebook import Codebook, Frame
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.data.posts.posts_table import read_posts

FOLDER = os.environ.get("FRAMES_PROGRAMS")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="FRAMES_PROGRAMS names no folder for the programs")

FRAMES = ["west_threat", "a, b & <c>", "экономика"]
BOOK = Codebook(
    name="Book", frames=tuple(Frame(id=name, name=f"Frame {name}", definition="d") for name in FRAMES)
)
TEXTS = [
    "Мост & <b>закрыли</b>",
    'Two; "quoted", lines\nsecond line',
    "=SUM(A1)",
    "Three 👍",
    "four",
    "nobody's",
]
CODES = [["west_threat"], ["a, b & <c>"], FRAMES[:2], ["экономика"], [], None]  # None: left alone
TOKEN = "0123456789abcdef0123456789abcdef01234567"


def environment(name: str, *packages: str) -> Path:
    """The `bin` folder of the environment with these packages."""
    home = Path(str(FOLDER), name)
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        installed = subprocess.run([home / "bin" / "pip", "install", "--quiet", *packages], check=False)
        if installed.returncode:
            pytest.skip(f"{name} cannot be installed here")
        (home / "complete").touch()
    return home / "bin"


@contextmanager
def served(command: Sequence[str | Path], home: Path, check: str, **variables: str) -> Iterator[str]:
    """Run a server until the test is over; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "HOME": str(home), **variables}
    server = subprocess.Popen(
        [*command, "--port", str(port)], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            time.sleep(1)
            try:
                urllib.request.urlopen(f"http://localhost:{port}{check}")
            except OSError:
                continue
            yield f"http://localhost:{port}"
            return
        pytest.fail(f"{command[0]} did not answer")
    finally:
        server.terminate()
        server.wait(60)


def call(address: str, value: object = None, **headers: str) -> bytes:
    """POST a value as JSON, or GET where there is none."""
    data = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def write_units(folder: Path) -> Path:
    path = folder / "sample.jsonl"
    units = [
        {"id": f"channel/{n}:0", "text": text, "before": "b", "after": ""} for n, text in enumerate(TEXTS)
    ]
    path.write_text("\n".join(map(json.dumps, units)), encoding="utf-8")
    return path


def coded(path: Path, sample: Path, **options: Any) -> dict[str, list[str]]:
    """Text -> frames, of what counts as coded."""
    found = import_codings([path], BOOK, sample=sample, **options).codings
    return {c.text: sorted(c.labels) for c in found if c.status == "coded"}


def test_label_studio_gives_back_what_was_coded(tmp_path: Path) -> None:
    programs = environment("label-studio", "label-studio")
    sample = write_units(tmp_path)
    tasks, config = export_units(sample, BOOK, tmp_path / "tasks.json", "label-studio")
    variables = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(tmp_path / "data"),
        "LABEL_STUDIO_USERNAME": "a@example.org",
        "LABEL_STUDIO_PASSWORD": "not-secret-1",
        "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LATEST_VERSION_CHECK": "false",
        "COLLECT_ANALYTICS": "false",
    }
    who = {"Authorization": f"Token {TOKEN}"}
    with served([programs / "label-studio", "start", "--no-browser"], tmp_path, "/health", **variables) as at:
        project = {"title": "Round trip", "label_config": config.read_text(encoding="utf-8")}
        number = json.loads(call(f"{at}/api/projects/", project, **who))["id"]
        call(f"{at}/api/projects/{number}/import", json.loads(tasks.read_text(encoding="utf-8")), **who)
        for task in json.loads(call(f"{at}/api/tasks/?project={number}&page_size=100", **who))["tasks"]:
            frames = CODES[TEXTS.index(task["data"]["text"])]
            choice = {
                "from_name": "frames",
                "to_name": "text",
                "type": "choices",
                "value": {"choices": frames},
            }
            if frames is not None:
                annotation = {"result": [choice] if frames else []}
                call(f"{at}/api/tasks/{task['id']}/annotations/", annotation, **who)
        for kind, suffix in (("JSON", "json"), ("JSON_MIN", "json"), ("CSV", "csv"), ("TSV", "tsv")):
            for scope in ("", "&download_all_tasks=true"):
                path = tmp_path / f"{kind}.{suffix}"
                path.write_bytes(call(f"{at}/api/projects/{number}/export?exportType={kind}{scope}", **who))
                assert coded(path, sample) == expected(), (kind, scope)


def expected() -> dict[str, list[str]]:
    return {text: sorted(codes) for text, codes in zip(TEXTS, CODES, strict=True) if codes is not None}


def test_doccano_gives_back_what_was_coded(tmp_path: Path) -> None:
    # It says less than it needs of the versions of others
    pins = (
        "marshmallow<4",
        "setuptools<81",
        "pandas==1.5.3",
        "numpy==1.26.4",
        "scipy<1.12",
        "scikit-learn<1.4",
    )
    doccano = environment("doccano", "doccano", *pins) / "doccano"
    sample = write_units(tmp_path)
    documents, labels = export_units(sample, BOOK, tmp_path / "documents.jsonl", "doccano")
    home = {**os.environ, "HOME": str(tmp_path)}
    for order in (["init"], ["createuser", "--username", "admin", "--password", "not-secret-1"]):
        subprocess.run([doccano, *order], env=home, check=True, capture_output=True)
    worker = subprocess.Popen(
        [doccano, "task"], env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with served([doccano, "webserver"], tmp_path, "/") as at:
            code_in_doccano(f"{at}/v1", documents, labels, tmp_path)
    finally:
        worker.terminate()
        worker.wait(60)
    for path in (tmp_path / f"admin.{suffix}" for suffix in ("jsonl", "csv", "json")):
        left_alone = {
            TEXTS[n]: [] for n, codes in enumerate(CODES) if not codes
        }  # it does not tell one from none
        assert coded(path, sample, empty_is_coded=True) == expected() | left_alone, path.name
        assert coded(path, sample) == {text: codes for text, codes in expected().items() if codes}, path.name


def code_in_doccano(at: str, documents: Path, labels: Path, folder: Path) -> None:
    """Upload, code and download, as doccano's own pages do."""
    key = json.loads(call(f"{at}/auth/login/", {"username": "admin", "password": "not-secret-1"}))["key"]
    who = {"Authorization": f"Token {key}"}
    kind = {"project_type": "DocumentClassification", "resourcetype": "TextClassificationProject"}
    project = {"name": "x", "description": "x", "guideline": "x", "tags": [], **kind}
    at = f"{at}/projects/{json.loads(call(f'{at}/projects', project, **who))['id']}"
    files = at.rpartition("/projects/")[0] + "/fp/process/"
    upload(f"{at}/category-type-upload", "file", labels, who)
    stored = upload(files, "filepond", documents, who).decode().strip('"')
    column = {"column_data": "text", "column_label": "label", "encoding": "utf_8"}
    form = {"format": "JSONL", "task": "DocumentClassification", "uploadIds": [stored], **column}
    wait_for(at, json.loads(call(f"{at}/upload", form, **who))["task_id"], who)
    names = {label["text"]: label["id"] for label in json.loads(call(f"{at}/category-types", **who))}
    for example in json.loads(call(f"{at}/examples?limit=100", **who))["results"]:
        for frame in CODES[TEXTS.index(example["text"])] or ():
            call(f"{at}/examples/{example['id']}/categories", {"label": names[frame]}, **who)
    for form in ({"format": name, "exportApproved": False} for name in ("JSONL", "CSV", "JSON")):
        task = json.loads(call(f"{at}/download", form, **who))["task_id"]
        wait_for(at, task, who)
        with zipfile.ZipFile(io.BytesIO(call(f"{at}/download?taskId={task}", **who))) as archive:
            archive.extractall(folder)


def upload(address: str, field: str, path: Path, who: dict[str, str]) -> bytes:
    """POST a file as a form does."""
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{path.name}"\r\n\r\n'
    request = urllib.request.Request(
        address,
        head.encode() + path.read_bytes() + b"\r\n--x--\r\n",
        {**who, "Content-Type": "multipart/form-data; boundary=x"},
    )
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def wait_for(at: str, task: str, who: dict[str, str]) -> None:
    for _ in range(120):
        if json.loads(call(f"{at.rpartition('/projects/')[0]}/tasks/status/{task}", **who))["ready"]:
            return
        time.sleep(1)
    pytest.fail("doccano did not finish a task")


TELETHON = """
import sys
from datetime import datetime, UTC
from telethon.tl import types as t
day, channel = datetime(2024, 3, 1, 9, tzinfo=UTC), t.PeerChannel(1234567890)
plain, words = t.TextPlain, lambda text: t.TextWithEntities(text=text, entities=[])
def message(number, text="", **more):
    return t.Message(id=number, peer_id=channel, date=day, message=text, **more)
answers = [t.PollAnswer(text=words(text), option=text.encode()) for text in ("Yes", "No")]
poll = t.Poll(id=5, hash=0, question=words("Agreed?"), answers=answers)
counts = [t.ReactionCount(reaction=t.ReactionEmoji("+"), count=5), t.ReactionCount(reaction=t.ReactionPaid(), count=2)]
details = t.PageBlockDetails(title=plain("More"), blocks=[t.PageBlockParagraph(text=plain("inside"))])
items = [t.PageListItemText(text=plain("item"))]
blocks = [t.PageBlockHeader(text=plain("Head")), details, t.PageBlockList(items=items)]
messages = [
    message(1, "Text", edit_date=day.replace(hour=10), views=15, forwards=2,
        entities=[t.MessageEntityTextUrl(offset=0, length=4, url="https://example.org/a")],
        reactions=t.MessageReactions(results=counts)),
    message(2, "Passed on", fwd_from=t.MessageFwdHeader(date=day, from_id=t.PeerChannel(777), channel_post=4)),
    message(3, media=t.MessageMediaPoll(poll=poll, results=t.PollResults())),
    message(4, "Answer", reply_to=t.MessageReplyHeader(reply_to_msg_id=1)),
    message(5, rich_message=t.RichMessage(blocks=blocks, photos=[], documents=[])),
    message(6, media=t.MessageMediaPhoto(photo=t.PhotoEmpty(1))),
    t.MessageService(id=7, peer_id=channel, date=day, action=t.MessageActionPinMessage()),
]
chat = t.Channel(id=1234567890, title="News", photo=t.ChatPhotoEmpty(), date=day, username="news")
page = t.messages.ChannelMessages(pts=1, count=7, messages=messages, topics=[], chats=[chat], users=[])
for name, text in (
    ("lines.jsonl", "\\n".join(m.to_json(ensure_ascii=False) for m in messages)),
    ("list.json", "[" + ",".join(m.to_json(indent=1) for m in messages) + "]"),
    ("page.json", page.to_json()),
):
    open(f"{sys.argv[1]}/{name}", "w", encoding="utf-8").write(text)
"""


def test_what_telethon_writes_of_its_own_classes_is_read(tmp_path: Path) -> None:
    python = environment("telethon", "telethon>=1.45") / "python"
    subprocess.run([python, "-c", TELETHON, tmp_path], check=True)
    for name in ("lines.jsonl", "list.json", "page.json"):
        report = ingest([tmp_path / name], tmp_path / f"{name}.parquet", ReadOptions())
        assert (report.read, report.rejected, report.no_text_kinds) == (
            5,
            0,
            {"photo": 1, "service message": 1},
        )
        posts = read_posts(tmp_path / f"{name}.parquet").set_index("message_id")
        texts = ["Text", "Passed on", "Agreed? / Yes / No", "Answer", "Head\nMore\ninside\nitem"]
        assert list(posts["text"]) == texts
        assert set(posts["channel"]) == {"news" if name == "page.json" else "channel 1234567890"}
        assert set(posts["channel_id"]) == {"1234567890"}
        assert f"{posts['published_at'][1]:%H:%M} {posts['edited_at'][1]:%H:%M}" == "09:00 10:00"
        assert (posts["views"][1], posts["forwards"][1]) == (15, 2)
        assert json.loads(posts["reactions"][1]) == {"+": 5, "paid": 2}
        assert posts["links"][1] == "https://example.org/a"
        assert (posts["forwarded_from"][2], posts["reply_to"][4]) == ("channel 777", 1)
