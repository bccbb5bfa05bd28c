"""The report in a real browser: filters, search, sorting by keyboard, hostile posts, accessibility, no request."""

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect, sync_playwright
from report_pages import (
    HOSTILE_NAME,
    HOSTILE_TEXTS,
    PUBLIC,
    RUSSIAN,
    THREAT,
    code_sample,
    make_posts,
    write_scores,
)

from pipeline.bundle import ModelBundle
from pipeline.commands.share_tables import format_percent, format_points
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.evaluation.evaluate_bundle import predict_labelled
from pipeline.evaluation.test_predictions import evaluate_predictions
from pipeline.measures.intervals import Estimate
from pipeline.reporting.evaluation_page import render_evaluation, texts_by_id
from pipeline.reporting.events import Event
from pipeline.reporting.html_report import write_report

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--no-sandbox",  # as root there is none to be had
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(
            "these tests need Chromium: `apt-get install chromium`, or name one: CHROMIUM=/path/to/chrome",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    scores = write_scores(folder, tiny_bundle, make_posts())
    entry = '{"source_file": "a.json", "record": "message 1", "reason": "<svg onload=alert(8)>", "excerpt": "<b>x"}'
    (scores / "rejects.jsonl").write_text(entry + "\n")
    labelled = read_labelled(tiny_bundle.folder.with_suffix(".jsonl"), tiny_bundle.codebook)
    evaluation = evaluate_predictions(
        predict_labelled(tiny_bundle, labelled),
        tiny_bundle.frame_ids,
        EvaluationSettings(bootstrap_samples=100),
        seed=0,
    )
    metrics = evaluation.to_json()
    return write_report(
        scores,
        folder / "report.html",
        bundle=replace(tiny_bundle, metrics=metrics),
        sample=code_sample(scores, folder),
        empty_is_coded=True,
        events=(Event(date(2024, 6, 1), HOSTILE_NAME), Event(date(2031, 1, 1), "too late")),
    ).path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(OPTIONS))
        yield browser
        browser.close()


class Watch:
    """What a page must not do."""

    def __init__(self, page: Page) -> None:
        self.faults: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda m: self.faults.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", self._refuse)

    def _refuse(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def open_page(browser: Browser, path: Path, **options: Any) -> tuple[Page, Watch]:
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(10_000)
    watch = Watch(page)
    page.goto(path.as_uri())
    expect(page.locator("#status")).to_contain_text("in the table")
    page.locator("#share-overview svg").first.wait_for()
    return page, watch


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    page, watch = open_page(browser, report)
    yield page
    page.context.close()
    assert watch.faults == []
    assert [request for request in watch.requests if not request.startswith("blob:")] == [report.as_uri()]


def shown_points(page: Page, frame: int = 0) -> int:
    return page.locator("#time-plots figure").nth(frame).locator("g.mark-symbol path").count()


def status(page: Page) -> tuple[int, int]:
    """Posts in the plots and in the table, as the live region says."""
    numbers = re.findall(r"[\d,]+(?= post)", page.locator("#status").inner_text())
    return int(numbers[0]), int(numbers[1])


def column(page: Page, number: int) -> list[str]:
    return page.locator(f"#posts tbody tr td:nth-child({number})").all_inner_texts()


def test_it_opens_with_everything_and_asks_for_nothing(page: Page) -> None:
    assert status(page) == (70, 69)
    assert page.locator("#time-plots figure").count() == 3
    assert page.locator("#posts tbody tr").count() == 25
    assert page.locator("section[aria-labelledby=quality] table tbody tr").count() == 3


def test_hostile_posts_stay_text(page: Page) -> None:
    page.locator("#size").select_option("100")
    for text in HOSTILE_TEXTS:
        for line in text.split("\u2028"):
            expect(page.locator("#posts")).to_contain_text(line.strip())
    assert HOSTILE_NAME in page.locator("#posts").inner_text()
    page.locator("#search").fill("<script>")
    expect(page.locator("#status")).to_contain_text("2 posts with")
    assert page.locator("img, iframe, b[onmouseover], svg[onload], [onfocus]").count() == 0
    assert page.locator("body script").count() == 3  # data, library, page


def test_filters_change_plots_and_table(page: Page) -> None:
    before = shown_points(page)
    page.locator("#unit").select_option("month")
    expect(page.locator("#time-plots svg").first).to_be_visible()
    page.wait_for_function(
        "n => document.querySelectorAll('#time-plots figure:first-child g.mark-symbol path').length !== n",
        arg=before,
    )
    monthly = shown_points(page)
    page.locator("#from").select_option(label="2024-04")
    expect(page.locator("#status")).not_to_contain_text("70 posts")
    posts, _ = status(page)
    assert posts < 70
    page.wait_for_function(
        "n => document.querySelectorAll('#time-plots figure:first-child g.mark-symbol path').length < n",
        arg=monthly,
    )
    page.locator("summary", has_text="Channels:").click()
    page.locator("#channels-choices label", has_text=RUSSIAN).click()
    assert status(page)[0] < posts
    assert {cell.partition(" ")[0] for cell in column(page, 2)} == {PUBLIC}
    assert page.locator("#heat tbody tr").count() == 2
    page.keyboard.press("Escape")
    page.locator("summary", has_text="Frames:").click()
    page.locator("#frames-choices label", has_text=THREAT).click()
    assert page.locator("#time-plots figure").count() == 2
    assert page.locator("#pairs tbody tr").count() == 2
    page.locator("#reset").click()
    assert status(page) == (70, 69)


def test_a_least_probability_leaves_the_surer_posts(page: Page) -> None:
    slider = page.locator("#probability")
    slider.focus()
    for _ in range(17):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#probability-value")).to_have_text("at least 0.85")
    expect(page.locator("#status")).not_to_contain_text("69 posts with")
    posts, hits = status(page)
    assert posts == 70  # shares keep their denominators
    page.locator("#size").select_option("100")
    assert page.locator("#posts tbody tr").count() == hits == 66
    assert all(float(value) >= 0.85 for value in column(page, 4))


def test_search_finds_words_of_evidence_and_marks_them(page: Page) -> None:
    page.locator("#search").fill("еще ORDER")  # found as "Ещё"
    expect(page.locator("#status")).to_contain_text("1 post with a chosen frame and the words searched for")
    row = page.locator("#posts tbody tr")
    expect(row).to_have_count(1)
    assert row.locator("mark.hit").all_inner_texts() == ["Ещё", "order"]
    page.locator("#search").fill("no such words (")
    expect(page.locator("#posts-caption")).to_have_text("No post passes the filters.")


def test_sorting_works_by_keyboard_and_is_announced(page: Page) -> None:
    page.locator("#sort-date").focus()
    page.keyboard.press("Enter")
    assert page.locator("#head-date").get_attribute("aria-sort") == "descending"
    dates = column(page, 1)
    assert dates == sorted(dates, reverse=True)
    page.keyboard.press("Enter")
    assert page.locator("#head-date").get_attribute("aria-sort") == "ascending"
    assert column(page, 1)[0] == "undated"
    assert page.locator("#head-channel").get_attribute("aria-sort") == "none"
    page.locator("#next").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_have_text("Page 2 of 3")


def test_links_lead_to_public_channels_only(page: Page) -> None:
    page.locator("#size").select_option("100")
    links = page.locator("#posts a")
    assert links.count() == 33
    assert all(
        re.fullmatch(rf"https://t\.me/{PUBLIC}/\d+", str(a.get_attribute("href"))) for a in links.all()
    )
    assert {a.get_attribute("rel") for a in links.all()} == {"noopener noreferrer"}


def test_every_plot_has_its_figures_as_a_table(page: Page) -> None:
    figure = page.locator("#time-plots figure").first
    assert "frame Order by quarter" in str(figure.locator("[role=img]").get_attribute("aria-label"))
    figure.locator("summary").click()
    expect(figure.locator("table tbody tr").first).to_be_visible()
    assert PUBLIC in figure.locator("thead").inner_text()
    assert re.search(r"\d+\.\d % \(\d+ of \d+\)", figure.locator("tbody").inner_text())


def test_corrected_shares_have_bars_and_follow_the_channel(page: Page) -> None:
    overview = page.locator("#share-overview")
    expect(overview.locator("g.layer_0_marks line")).to_have_count(3)
    whole = str(overview.locator("[role=img]").get_attribute("aria-label"))
    assert re.search(r"Order: corrected [\d.]+ % \([\d.]+ % to [\d.]+ %\), raw", whole)
    page.locator("#share-channel").select_option(label=HOSTILE_NAME)
    expect(overview.locator("[role=img]")).not_to_have_attribute("aria-label", whole)
    overview.locator("summary").click()
    expect(overview.locator("tbody tr")).to_have_count(3)


def test_texts_carry_their_language(page: Page) -> None:
    page.locator("#search").fill("говорит министр")
    quote = page.locator("#posts .quote").first
    expect(quote).to_contain_text("говорит")
    assert quote.get_attribute("dir") == "auto"
    assert re.fullmatch("[a-z]{2,3}", str(quote.get_attribute("lang")))


def grave_faults(page: Page) -> list[tuple[str, str]]:
    """Serious and critical violations of axe's rules: which rule, and the first element."""
    found = Axe().run(page).response["violations"]
    grave = [fault for fault in found if fault["impact"] in {"serious", "critical"}]
    return [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in grave]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(browser: Browser, report: Path, scheme: str) -> None:
    page, _ = open_page(browser, report, color_scheme=scheme)
    page.locator("#search").fill("today")
    page.locator("mark.hit").first.wait_for()
    page.locator("#time-plots summary").first.click()
    faults = grave_faults(page)
    page.context.close()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_an_evaluation_draws_and_is_accessible(
    browser: Browser, tiny_bundle: ModelBundle, tmp_path: Path, scheme: str
) -> None:
    data = read_labelled(tiny_bundle.folder.with_suffix(".jsonl"), tiny_bundle.codebook)
    predictions = predict_labelled(tiny_bundle, data)
    path = tmp_path / "evaluation.html"
    path.write_text(render_evaluation(tiny_bundle, predictions, texts_by_id(data)), encoding="utf-8")
    page = browser.new_context(color_scheme=scheme).new_page()
    watch = Watch(page)
    page.goto(path.as_uri())
    expect(page.locator("#status")).to_have_text("The plots are drawn.")
    assert page.locator("#curve-plots svg").count() == 3
    assert page.locator("#reliability-plot svg").count() == 1
    faults = grave_faults(page)
    page.context.close()
    assert (faults, watch.faults, watch.requests) == ([], [], [path.as_uri()])


def test_a_telephone_shows_headings_that_open(browser: Browser, report: Path) -> None:
    page, _ = open_page(browser, report, viewport={"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.evaluate("document.documentElement.scrollHeight") < 8000
    expect(page.locator("#posts")).not_to_be_visible()
    page.locator("nav a", has_text="Raw shares over time").click()
    page.locator("#time-plots svg").first.wait_for()
    page.locator("nav a", has_text="Posts").click()
    expect(page.locator("#posts tbody tr")).to_have_count(10)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.context.close()


def test_corrected_shares_come_before_raw_ones_which_are_marked_where_they_mislead(page: Page) -> None:
    headings = page.locator("h2").all_inner_texts()
    assert headings[0] == "Shares with intervals"
    assert headings.index("Shares with intervals") < headings.index("Raw shares over time by channel")
    outside = page.evaluate(
        "data.shares.outside.filter((o, i) => o && !data.shares.unit[i] && !data.shares.channel[i])"
    )
    marked = page.locator("#share-overview .raw.outside")
    expect(marked).to_have_count(len(outside))
    assert outside
    expect(marked.first).to_contain_text("outside the interval")
    assert 'stroke-width="2"' in page.locator("#share-overview svg").inner_html()
    page.locator("#share-unit").select_option("year")
    expect(page.locator("#share-plots figcaption").first).to_contain_text("of 2 years with a corrected share")


def test_posts_without_a_frame_can_be_read_and_searched(page: Page) -> None:
    page.locator("#kind").select_option("plain")
    expect(page.locator("#status")).to_contain_text("1 post without any frame in the table")
    row = page.locator("#posts tbody tr")
    expect(row).to_contain_text("the weather is fine")
    expect(row).to_contain_text("none; nearest")
    page.locator("#kind").select_option("both")
    page.locator("#search").fill("weather fine")
    expect(page.locator("#status")).to_contain_text("1 post with a chosen frame or none")
    expect(row.locator("mark.hit").first).to_have_text("weather")


def test_figures_can_be_taken_along(page: Page) -> None:
    figure = page.locator("#time-plots figure").first
    taken = {}
    for kind in ("SVG", "PNG", "CSV"):
        with page.expect_download() as download:
            figure.get_by_role("button", name=kind).click()
        taken[kind] = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename.startswith("raw-share-of-posts-with-order")
    svg = taken["SVG"].decode()
    assert "raw share of posts, not corrected" in svg  # the title of the axis
    assert PUBLIC in svg  # the legend
    assert "var(--" not in svg
    assert taken["PNG"].startswith(b"\x89PNG")
    lines = taken["CSV"].decode("utf-8-sig").splitlines()
    assert lines[0] == "title,period,share,posts,carried,few"
    assert len(lines) > 5
    with page.expect_download() as download:
        page.locator("#posts-take").get_by_role("button").click()
    table = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert table.count(f"https://t.me/{PUBLIC}/") == 33
    with page.expect_download() as download:
        page.locator("#languages-take").get_by_role("button").click()
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").startswith("Frame,")
    with page.expect_download() as download:
        page.locator("#heat").get_by_role("button", name="SVG").click()
    assert RUSSIAN in Path(download.value.path()).read_text(encoding="utf-8")


def test_a_line_is_lit_by_its_name_and_events_are_lines(page: Page) -> None:
    plot = page.locator("#time-plots svg").first
    pale = plot.locator("path[opacity='0.1']")
    expect(pale).to_have_count(0)
    page.locator("#time-legend button").first.focus()
    expect(pale.first).to_be_attached()
    page.locator("#time-legend button").first.blur()
    expect(pale).to_have_count(0)
    expect(page.locator("#time ~ * .events, section[aria-labelledby=time] .events")).to_contain_text(
        HOSTILE_NAME
    )
    expect(page.locator("section[aria-labelledby=time]")).to_contain_text("in no plot: 2031-01-01 too late")
    assert plot.locator("line[stroke-dasharray='3,2']").count() == 1


def test_times_say_whose_they_are(browser: Browser, report: Path, tmp_path: Path) -> None:
    taken = {}
    for zone in (None, "Asia/Kolkata"):
        written = write_report(report.parent / "scores", tmp_path / "r.html", timezone=zone).path
        page = browser.new_page()
        page.goto(written.as_uri())
        expect(page.locator("#status")).to_contain_text("in the table")
        expect(page.locator("#head-date")).to_have_text(f"Date ({zone or 'UTC'})")
        with page.expect_download() as download:
            page.locator("#posts-take").get_by_role("button").click()
        table = Path(download.value.path()).read_text(encoding="utf-8-sig")
        taken[zone] = list(csv.DictReader(io.StringIO(table)))
        page.close()
    utc, local = taken.values()
    assert {row["timezone"] for row in local} == {"Asia/Kolkata"}
    ahead = timedelta(hours=5, minutes=30)
    for one, other in zip(utc, local, strict=True):
        assert one["message_id"] == other["message_id"]
        if one["date_utc"] != "undated":
            assert datetime.fromisoformat(one["date_utc"]) + ahead == datetime.fromisoformat(other["date"])


def test_links_follow_the_template(browser: Browser, report: Path, tmp_path: Path) -> None:
    link = "https://example.org/c/{channel}?m={message_id}"
    written = write_report(report.parent / "scores", tmp_path / "r.html", link=link).path
    page = browser.new_page()
    page.goto(written.as_uri())
    expect(page.locator("#status")).to_contain_text("in the table")
    page.locator("#size").select_option("100")
    links = {str(a.get_attribute("href")) for a in page.locator("#posts a").all()}
    page.close()
    assert len(links) == 69
    assert "https://example.org/c/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E?m=1" in links


def test_the_page_prints_shares_as_the_terminal_does(page: Page) -> None:
    """One page for all examples; eighths and sixteenths fall between two digits, where a tie has to be broken."""
    ties = st.integers(0, 2**12).map(lambda k: k / 2**12)
    share = st.floats(0, 1) | ties | st.fractions(0, 1, max_denominator=400).map(float)

    @given(st.lists(share, min_size=50, max_size=50))
    @settings(max_examples=40, deadline=None, database=None)
    def check(shares: list[float]) -> None:
        printed = page.evaluate(
            "shares => shares.map((s) => [percent(s), signed(-100 * s), fixed(s, 2), fixed(s, 0)])", shares
        )
        for one, (as_percent, as_points, two_digits, whole) in zip(shares, printed, strict=True):
            estimate = Estimate(-one, -one, -one)
            assert as_percent == f"{format_percent(one)} %"
            assert (
                as_points.replace("\N{MINUS SIGN}", "-").replace("+0.0", "-0.0") == format_points(estimate)[0]
            )
            assert (two_digits, whole) == (f"{one:.2f}", f"{one:.0f}")

    check()
