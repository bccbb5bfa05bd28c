"""The report's data and file, without a browser: counts, limits, what is escaped, what is refused."""

import base64
import csv
import hashlib
import html
import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from conftest import TINY_FRAMES
from hypothesis import given, settings
from hypothesis import strategies as st
from report_pages import (
    HOSTILE_NAME,
    HOSTILE_TEXTS,
    ORDER,
    PUBLIC,
    RUSSIAN,
    code_sample,
    embedded,
    make_posts,
    unpack,
    write_scores,
)
from typer.testing import CliRunner

from pipeline.benchmarks.report_size import measure
from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.labels.training_record import digest_texts
from pipeline.errors import ConfigError, DataError
from pipeline.prevalence.share_estimates import estimate_shares
from pipeline.reporting import figure_fonts
from pipeline.reporting.events import Event, read_events
from pipeline.reporting.figure_fonts import Face, choose_family, name_fonts
from pipeline.reporting.html_page import as_sentence, pack, read_plotting_library
from pipeline.reporting.html_report import write_report
from pipeline.reporting.left_out import read_rejects
from pipeline.reporting.periods import find_partial
from pipeline.reporting.report_data import STEPS, Limits, collect_report_data
from pipeline.scoring.read_scores import read_scores
from pipeline.scoring.score_output import open_output
from pipeline.scoring.score_queries import ModelIdentity


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Path:
    return write_scores(tmp_path_factory.mktemp("report"), tiny_bundle, make_posts())


def test_counts_are_those_of_the_scores(scores: Path) -> None:
    data = collect_report_data(scores)
    posts = read_scores(scores)
    payload = data.payload
    assert sum(payload["cells"]["posts"]) == len(posts) == data.totals["posts"]
    for k, frame in enumerate(data.frame_ids):
        counted = sum(
            n for f, n in zip(payload["counts"]["frame"], payload["counts"]["posts"], strict=True) if f == k
        )
        assert counted == sum(frame in frames for frames in posts["frames"])
    channel = payload["channels"].index(PUBLIC)
    month = payload["periods"].index("2024-03")
    cells = payload["cells"]
    n = [
        n
        for c, p, n in zip(cells["channel"], cells["period"], cells["posts"], strict=True)
        if (c, p) == (channel, month)
    ]
    in_march = posts[(posts["channel"] == PUBLIC) & (posts["published_at"].dt.strftime("%Y-%m") == "2024-03")]
    assert n == [len(in_march)]


def test_steps_of_probability_hold_the_posts_at_least_as_probable(scores: Path) -> None:
    data = collect_report_data(scores)
    posts = read_scores(scores)
    k, counts = data.frame_ids.index(ORDER), data.payload["counts"]
    for step in (0, 10, 15, 19):
        counted = sum(
            n
            for f, s, n in zip(counts["frame"], counts["step"], counts["posts"], strict=True)
            if f == k and s >= step
        )
        carries = posts["frames"].map(lambda frames: ORDER in frames)
        assert counted == int((carries & (posts[f"p_{ORDER}"] >= step / STEPS)).sum())


def test_pairs_count_posts_with_both_frames(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    post = make_posts()[0]
    both = replace(post, text="The world order is changing today. We stand together as one people again.")
    data = collect_report_data(write_scores(tmp_path, tiny_bundle, [both, replace(post, message_id=99)]))
    assert data.payload["pairs"] | {"step": None} == {
        "channel": [0],
        "period": [0],
        "first": [0],
        "second": [2],
        "step": None,
        "posts": [1],
    }


def test_what_does_not_fit_is_counted_and_said(scores: Path, tmp_path: Path) -> None:
    limits = Limits(posts=10, text_bytes=300, context_bytes=0, text_chars=25)
    data = collect_report_data(scores, limits)
    assert data.posts_in_table == 10
    assert data.posts_left_out == data.totals["with_frames"] - 10
    assert data.texts_left_out == data.payload["marks"]["text"].count(-1)
    assert all(len(text) <= 25 for text in data.payload["texts"]["text"])
    assert data.texts_shortened == len(data.payload["texts"]["shortened"]) > 0
    assert sum(data.payload["cells"]["posts"]) == data.totals["posts"]  # counts stay complete
    written = write_report(scores, tmp_path / "small.html", limits=limits)
    html = written.path.read_text(encoding="utf-8")
    assert written.posts_in_table == 10
    assert "The table holds a selection: 10 posts of " in html
    assert "long sentences are shortened" in html


def test_the_table_takes_the_most_probable_posts_of_each_frame(scores: Path) -> None:
    data = collect_report_data(scores, Limits(posts=3))
    posts = read_scores(scores)
    shown = {
        (data.payload["names"][n], m)
        for n, m in zip(data.payload["rows"]["name"], data.payload["rows"]["message"], strict=True)
    }
    for frame in data.frame_ids:
        carrying = posts[posts["frames"].map(lambda frames, frame=frame: frame in frames)]
        top = carrying[carrying[f"p_{frame}"] >= carrying[f"p_{frame}"].max() - 0.001]
        assert shown & {(row.channel, str(row.message_id)) for row in top.itertuples()}


def test_many_channels_are_merged_and_said(
    scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.reporting.report_data._MOST_COUNTS", 25)
    monkeypatch.setattr("pipeline.reporting.report_data._CHANNEL_LIMITS", (1,))
    data = collect_report_data(scores)
    assert (data.channels_merged, len(data.payload["channels"])) == (2, 1)
    assert set(data.payload["cells"]["channel"]) == {0, 1}
    assert sum(data.payload["cells"]["posts"]) == data.totals["posts"]
    assert any(
        "2 channels with the fewest posts" in w for w in write_report(scores, tmp_path / "m.html").warnings
    )


def test_shares_have_intervals_only_from_a_coded_sample(scores: Path, tmp_path: Path) -> None:
    sample = code_sample(scores, tmp_path)
    plain = write_report(scores, tmp_path / "raw.html").path.read_text(encoding="utf-8")
    assert embedded(plain)["shares"] is None
    assert "raw classifier shares, not corrected" in plain
    html = write_report(scores, tmp_path / "s.html", sample=sample, empty_is_coded=True).path.read_text(
        encoding="utf-8"
    )
    shares = embedded(html)["shares"]
    estimates = estimate_shares(scores, sample, empty_is_coded=True)
    whole_and_channels = [i for i, unit in enumerate(shares["unit"]) if unit in {None, "month"}]
    assert sorted(
        -1 if shares["corrected"][i] is None else shares["corrected"][i] for i in whole_and_channels
    ) == sorted(-1 if e.corrected.value is None else e.corrected.value for e in estimates)
    assert shares["low"][0] < shares["corrected"][0] < shares["high"][0], shares
    assert None in shares["corrected"]  # too few labels: no interval is made up
    assert [low is None for low in shares["low"]] == [share is None for share in shares["corrected"]]
    assert str(scores) not in html


def test_the_benchmark_measures_a_report_of_the_size_it_says(tmp_path: Path) -> None:
    written, _ = measure(300, tmp_path)
    assert written.posts == 300
    assert written.size == (tmp_path / "report.html").stat().st_size < 6_000_000


def test_posts_are_never_markup(scores: Path, tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    path = write_report(scores, tmp_path / "r.html", bundle=tiny_bundle, title=HOSTILE_TEXTS[0]).path
    html = path.read_text(encoding="utf-8")
    assert "alert(" not in re.sub(r"&lt;.*?today", "", html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html  # the title, escaped
    payload = embedded(html)
    assert HOSTILE_NAME in payload["names"]
    assert any("alert(2)" in text for text in payload["texts"]["text"])
    assert html.count("<script") == html.count("</script>") == 3


def test_the_policy_names_the_scripts_and_allows_no_request(scores: Path, tmp_path: Path) -> None:
    html = write_report(scores, tmp_path / "r.html").path.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    rules = policy[1].replace("&#39;", "'")
    assert rules.startswith("default-src 'none'; ")
    assert "unsafe-eval" not in rules
    for source in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        assert base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() in rules
    markup = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"<(?:link|img|iframe|script|form)[^>]* (?:src|href|action)=", markup)


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_packed_text_is_safe_inside_html_and_comes_back(text: str) -> None:
    packed = pack({"text": text})
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", packed)
    assert unpack(packed) == {"text": text}


def test_the_plotting_library_is_kept_and_made_again_where_its_copy_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = read_plotting_library.__wrapped__()
    (kept,) = (tmp_path / "narrative-frames" / "plots").iterdir()
    sound = kept.read_bytes()
    for damaged in (b"\xff" + sound[1:], sound.replace(b"vega", b"evil")):
        kept.write_bytes(damaged)
        assert read_plotting_library.__wrapped__() == made
        assert kept.read_bytes() == sound
    monkeypatch.setenv("XDG_CACHE_HOME", str(kept))  # no folder, so nothing can be kept
    assert read_plotting_library.__wrapped__() == made


def test_half_a_surrogate_pair_does_not_stop_a_report() -> None:
    assert unpack(pack({"text": "a\ud83db"})) == {"text": "a?b"}


def test_rejects_are_counted_by_reason_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    entry = {
        "source_file": "a.json",
        "record": "message 1",
        "reason": "no date",
        "excerpt": "<img onerror=x>" * 40,
    }
    path.write_text(json.dumps(entry) + "\n" + json.dumps(entry | {"record": "message 2"}) + "\n{broken\n")
    rejects = read_rejects(path)
    assert rejects["total"] == 3
    assert rejects["reasons"] == [("no date", 2), ("this line of the list cannot be read", 1)]
    assert [example["place"] for example in rejects["examples"]] == [
        "a.json, message 1",
        "a.json, message 2",
        "rejects.jsonl",
    ]
    assert rejects["examples"][0]["excerpt"].endswith("… [shortened]")
    assert read_rejects(tmp_path / "none.jsonl")["total"] == 0


def test_a_model_that_did_not_score_is_refused(
    scores: Path, tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    other = replace(tiny_bundle, manifest=tiny_bundle.manifest | {"bundle_hash": "f" * 64})
    with pytest.raises(DataError, match="not from tiny@ffffffffffff: give the model that scored, or none"):
        write_report(scores, tmp_path / "r.html", bundle=other)
    assert not (tmp_path / "r.html").exists()


def test_folders_without_scores_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no scores there"):
        write_report(tmp_path, tmp_path / "r.html")
    with open_output(tmp_path / "empty", ModelIdentity("m", "b", "c", (ORDER,))):
        pass
    with pytest.raises(DataError, match="no scored post yet"):
        write_report(tmp_path / "empty", tmp_path / "r.html")


def test_the_command_writes_the_file_and_says_so(
    scores: Path, tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    output = tmp_path / "deep" / "report.html"
    done = CliRunner().invoke(
        app, ["report", str(scores), "-o", str(output), "--model", str(tiny_bundle.folder), "--json"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["posts"] == len(read_scores(scores))
    assert said["size"] == output.stat().st_size
    assert embedded(output.read_text(encoding="utf-8"))["frame_definitions"][ORDER]
    assert not list(output.parent.glob("_*"))  # no temporary file stays
    assert RUSSIAN in embedded(output.read_text(encoding="utf-8"))["channels"]


def test_days_and_times_are_those_of_a_named_place(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    late = timedelta(hours=10, minutes=30)  # at 22:30 UTC, which is the next day in Kyiv
    posts = [
        replace(post, published_at=post.published_at and post.published_at + late) for post in make_posts()
    ]
    scores = write_scores(tmp_path, tiny_bundle, posts)
    coded = code_sample(scores, tmp_path)
    first = min(post.published_at for post in posts if post.published_at)
    (tmp_path / "events.csv").write_text(f"date,label\n{first.date()},Of UTC\n")
    times = read_scores(scores)["published_at"].dropna()
    of_utc, months = {}, {}
    for zone in ("UTC", "Europe/Kyiv"):
        command = ["report", scores, "-o", tmp_path / "r.html", "--sample", coded]
        command += ["--events", tmp_path / "events.csv"]
        command += ["--timezone", zone] if zone != "UTC" else []
        done = CliRunner().invoke(app, [*map(str, command)])
        assert done.exit_code == 0, done.output
        html = (tmp_path / "r.html").read_text(encoding="utf-8")
        page = embedded(html)
        local = times.dt.tz_convert(zone)
        months = local.dt.strftime("%Y-%m").value_counts().to_dict()
        cells, shares = page["cells"], page["shares"]
        counted = Counter()
        for period, n in zip(cells["period"], cells["posts"], strict=True):
            counted[page["periods"][period]] += n
        assert {month: n for month, n in counted.items() if month} == months
        of_month = {
            period: n
            for channel, unit, period, n in zip(
                *(shares[name] for name in ("channel", "unit", "period", "units")), strict=True
            )
            if channel is None and unit == "month" and period != "undated"
        }
        assert of_month == months
        shown = {np.datetime64(minute, "m").item() for minute in page["rows"]["minute"] if minute is not None}
        assert shown == {moment.to_pydatetime().replace(tzinfo=None) for moment in local}
        assert f"<dd>{local.min():%Y-%m-%d} to {local.max():%Y-%m-%d}</dd>" in html
        assert f"Months begin at midnight {zone}" in html
        assert page["zone"] == zone
        assert len(page["events"]) == (zone == "UTC")  # the day before the first post is outside
        of_utc = of_utc or months
    assert months != of_utc
    said = CliRunner().invoke(
        app, ["report", str(scores), "-o", str(tmp_path / "r.html"), "--timezone", "Kyiv"]
    )
    assert said.exit_code == 1
    assert "did you mean Europe/Kyiv" in said.stderr


def test_posts_without_a_frame_are_in_the_page_with_their_text(scores: Path) -> None:
    data = collect_report_data(scores)
    plain, texts = data.payload["plain"], data.payload["texts"]["text"]
    posts = read_scores(scores)
    without = posts[posts["frames"].map(len) == 0]
    assert len(plain["row"]) == len(without) == 1
    assert texts[plain["text"][0]] == "the weather is fine"
    nearest = without[[f"p_{frame}" for frame in data.frame_ids]].iloc[0].to_numpy()
    assert plain["frame"] == [int(nearest.argmax())]
    assert plain["permille"] == [int(1000 * nearest.max())]
    small = collect_report_data(scores, Limits(plain_posts=0))
    assert (small.payload["plain"]["row"], small.plain_left_out) == ([], 1)


def test_the_report_says_first_how_many_posts_trained_or_tested_the_model(
    scores: Path, tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    sentences = read_scores(scores, "sentences")
    learnt = set(sentences["post_key"].iloc[:3])
    tested = set(sentences["post_key"].iloc[-2:])
    folder = shutil.copytree(tiny_bundle.folder, tmp_path / "bundle")
    np.savez(
        folder / "training_texts.npz",
        digests=np.unique(digest_texts(list(sentences["text"].iloc[:3]))),
        test_digests=np.unique(digest_texts(list(sentences["text"].iloc[-2:]))),
    )
    bundle = replace(tiny_bundle, folder=folder)
    html = write_report(scores, tmp_path / "r.html", bundle=bundle).path.read_text(encoding="utf-8")
    n = len(read_scores(scores))
    said = html[html.index('id="seen"') :]
    assert f"learnt from ({len(learnt) / n:.0%}) or was tested on ({len(tested) / n:.0%})" in said
    assert html.index('id="seen"') < html.index("<nav")


def test_frames_by_language_mark_what_training_never_showed(
    scores: Path, tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    languages = read_scores(scores)["lang"].value_counts()
    main = languages.index[0]
    taught = {"rows": {"xx": 90}, "positives": {frame: {"xx": 9} for frame in tiny_bundle.frame_ids}}
    taught["positives"][ORDER] = {main: 9}
    bundle = replace(tiny_bundle, manifest=tiny_bundle.manifest | {"frame_languages": taught})
    html = write_report(scores, tmp_path / "r.html", bundle=bundle).path.read_text(encoding="utf-8")
    table = html[html.index('class="languages"') :].partition("</table>")[0]
    assert f"{main} ({languages.iloc[0]})" in table
    rows = {row.partition("</th>")[0].rpartition(">")[2]: row for row in table.split("<tr>")[2:]}
    marked = {title for title, row in rows.items() if "untaught" in row}
    assert marked == {"Threat: from outside", "Unity.1"}  # of the one language with enough posts to say so


def test_figures_are_in_fonts_that_have_the_letters_and_words_without_a_font_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = Face("Plain", frozenset(map(ord, "abcd")), Path("plain.ttf"))
    wide = Face("Wide", frozenset(map(ord, "abcdأفق")), Path("wide.ttf"))
    monkeypatch.setattr(figure_fonts, "list_faces", lambda: (plain, wide))
    for cached in (figure_fonts._choose_face, figure_fonts._find_all_letters):
        cached.cache_clear()
    assert choose_family(["ab", "cd"]) == "Plain"
    assert choose_family(["ab", "أفق"]) == "Wide"
    line = '<text x="1" font-family="Plain" fill="#000">{}</text>'
    svg, lost = name_fonts("".join(map(line.format, ("ab", "a أفق", "a 远 b"))))
    assert re.findall('font-family="([^"]*)"', svg) == ["Plain", "Wide", "Plain"]
    assert lost == ["远"]
    for cached in (figure_fonts._choose_face, figure_fonts._find_all_letters):
        cached.cache_clear()


def test_events_are_read_from_a_table_and_faults_name_the_cell(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text("date,label\n2024-06-01,Summit\n2024-02-24,A day\n")
    assert read_events(table) == (Event(date(2024, 2, 24), "A day"), Event(date(2024, 6, 1), "Summit"))
    for content, message in (
        ("date,label\n2024-13-01,x\n", r"line 2, column date: expected a day .* got '2024-13-01'"),
        ("date,label\n2024-02-24,\n", "line 2, column label"),
        ("day,label\n2024-02-24,x\n", "no column 'date'; expected date and label, got day, label"),
        ("date,label\n", "holds no event"),
    ):
        table.write_text(content)
        with pytest.raises(DataError, match=message):
            read_events(table)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 2000))
def test_a_period_is_partial_only_where_the_posts_begin_or_end(first: date, days: int) -> None:
    last = min(date.fromordinal(first.toordinal() + days), date(2100, 12, 31))
    for unit in ("month", "quarter", "year"):
        assert len(find_partial(first, last, unit)) <= 2
    assert find_partial(date(2024, 1, 4), date(2024, 12, 30), "quarter") == {}
    assert find_partial(date(2024, 1, 15), date(2024, 1, 20), "month") == {
        "2024-01": "from 2024-01-15 to 2024-01-20"
    }


def test_figures_in_print_size_hold_what_is_plotted(scores: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    sample = code_sample(scores, tmp_path)
    events = (Event(date(2024, 6, 1), "=Summit"),)
    written = write_report(
        scores, tmp_path / "r.html", sample=sample, empty_is_coded=True, events=events, figures=figures
    )
    assert {path.name for path in written.figures} >= {
        f"{name}.{suffix}"
        for name in ("shares", "shares-over-time", "channels-by-frames")
        for suffix in ("svg", "csv")
    }
    assert (figures / "shares.png").read_bytes().startswith(b"\x89PNG")
    assert "share of posts" in (figures / "shares.svg").read_text(encoding="utf-8")
    over_time = (figures / "shares-over-time.svg").read_text(encoding="utf-8")
    assert "1: 2024-06-01 =Summit" in over_time
    assert over_time.count(">2024<") == over_time.count(">2025<") == len(TINY_FRAMES)  # once under each plot
    with (figures / "shares.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"].startswith("corrected")]
    write_report(scores, tmp_path / "r.html", figures=tmp_path / "raw")
    raw = (tmp_path / "raw" / "shares.svg").read_text(encoding="utf-8")
    assert "raw share of posts, not corrected" in raw
    assert "with its interval" not in raw
    whole = [e for e in estimate_shares(scores, sample, empty_is_coded=True) if e.domain == "whole"]
    assert [float(row["share"]) for row in rows] == [e.corrected.value or 0 for e in whole]


def test_a_long_name_of_a_frame_stands_whole_in_every_figure(
    scores: Path, tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    long = 'The "collective West", its \\ allies and its press as those who began and feed all wars'
    chinese = "西方国家作为侵略者和战争的煽动者以及全球不稳定的根源"
    named = [
        frame.model_copy(update={"name": name})
        for frame, name in zip(tiny_bundle.codebook.frames, (long, chinese), strict=False)
    ]
    codebook = tiny_bundle.codebook.model_copy(
        update={"frames": (*named, *tiny_bundle.codebook.frames[len(named) :])}
    )
    renamed = replace(tiny_bundle, codebook=codebook)
    figures = tmp_path / "figures"
    write_report(
        scores,
        tmp_path / "r.html",
        bundle=renamed,
        sample=code_sample(scores, tmp_path),
        empty_is_coded=True,
        figures=figures,
    )
    for figure in ("shares", "shares-over-time", "channels-by-frames"):
        drawn = ET.parse(figures / f"{figure}.svg").getroot()
        for name in (long, chinese):
            letters = "".join("".join(drawn.itertext()).split())
            assert "".join(name.split()) in letters, (figure, name)


def test_posts_without_a_date_have_figures_too(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    undated = write_scores(tmp_path, tiny_bundle, [replace(post, published_at=None) for post in make_posts()])
    written = write_report(undated, tmp_path / "r.html", figures=tmp_path / "figures")
    assert {path.stem for path in written.figures} == {"shares", "shares-over-time", "channels-by-frames"}


def test_a_link_template_must_be_an_address(scores: Path, tmp_path: Path) -> None:
    for link in (
        "javascript:alert({message_id})",
        "https://example.org/{channel}",
        "https://x.org/{post}/{message_id}",
    ):
        with pytest.raises(ConfigError, match="--link-template"):
            write_report(scores, tmp_path / "r.html", link=link)


@given(st.text() | st.text(alphabet="`<>&a 'x"))
def test_a_note_is_text_whose_only_markup_is_code(text: str) -> None:
    left = str(as_sentence(text)).replace("<code>", "`").replace("</code>", "`")
    assert not set("<>") & set(left)
    assert html.unescape(left).casefold() == text.casefold()


def test_a_note_begins_with_a_capital_unless_a_name_does() -> None:
    assert (
        as_sentence("the latest; `frames edits` has all") == "The latest; <code>frames edits</code> has all"
    )
    assert as_sentence("nord_news, the first") == "nord_news, the first"
