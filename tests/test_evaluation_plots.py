import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import get_data_path
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from pipeline.reporting import figure_fonts
from pipeline.reporting.evaluation_plots import (
    co_occurrence_figure,
    precision_recall_figure,
    reliability_figure,
)
from pipeline.reporting.figure_fonts import find_undrawn, note_undrawn

NAMES = ("multipolarity", "многополярный_мир", "price in $ and $", "a_very_long_name_" * 6)


def made_up(n: int, k: int) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    probabilities = rng.beta(1, 3, size=(n, k))
    return (rng.uniform(size=(n, k)) < probabilities).astype(np.int8), probabilities


def png(figure: Figure) -> bytes:
    """What is saved; a missing glyph or a name read as a formula is a fault."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(buffer, format="png")
    return buffer.getvalue()


def write_font(path: Path, family: str, letters: str) -> Path:
    """A font whose letters are all filled squares."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    glyph, names = pen.glyph(), [f"uni{ord(letter):04X}" for letter in letters]
    font = FontBuilder(1000)
    font.setupGlyphOrder([".notdef", *names])
    font.setupCharacterMap({ord(letter): name for letter, name in zip(letters, names, strict=True)})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), **dict.fromkeys(names, glyph)})
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (1000, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2(usWeightClass=500)  # medium, as some call their only weight
    font.setupPost()
    font.save(path)
    return path


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The fonts of a machine: one for most scripts, and what a test adds."""
    installed = [str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))]
    monkeypatch.setattr(figure_fonts, "findSystemFonts", lambda: installed)
    kept = (figure_fonts.list_faces, figure_fonts._choose_face, figure_fonts._find_all_letters)
    for cached in kept:
        cached.cache_clear()
    yield installed
    for cached in kept:
        cached.cache_clear()


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


@pytest.mark.parametrize("k", [1, 4, 15, 36])
def test_every_frame_has_a_panel_with_its_positives(k: int) -> None:
    truth, probabilities = made_up(200, k)
    names = [NAMES[i] if i < len(NAMES) else f"frame_{i}" for i in range(k)]
    figure = precision_recall_figure(truth, probabilities, names)
    shown = titles(figure)
    assert len(shown) == k
    for i, title in enumerate(shown):
        assert f", {truth[:, i].sum()} positives" in title
    assert png(figure).startswith(b"\x89PNG")


def test_area_under_the_drawn_curve_is_the_average_precision() -> None:
    truth, probabilities = made_up(300, 1)
    rounded = np.round(probabilities, 1)  # many ties
    figure = precision_recall_figure(truth, rounded, ["one"])
    recall, precision = figure.axes[0].get_lines()[0].get_data()
    assert figure.axes[0].get_lines()[0].get_drawstyle() == "steps-pre"
    area = float(np.sum(np.diff(recall) * precision[1:]))
    assert area == pytest.approx(average_precision_score(truth[:, 0], rounded[:, 0]))
    assert f"AP {area:.2f}" in titles(figure)[0]


def test_a_frame_without_positives_is_said_to_have_none() -> None:
    truth, probabilities = made_up(50, 2)
    truth[:, 1] = 0
    figure = precision_recall_figure(truth, probabilities, ["one", "other"])
    assert titles(figure)[1] == "other\nno positives"
    assert not figure.axes[1].get_lines()
    png(figure)


def test_reliability_shows_observed_shares_and_counts() -> None:
    # 10 decisions at 0.25, of which 4 are right; 2 at 0.95, both right
    probabilities = np.array([[0.25]] * 10 + [[0.95]] * 2)
    truth = np.array([[1]] * 4 + [[0]] * 6 + [[1]] * 2)
    figure = reliability_figure(truth, probabilities)
    upper, lower = figure.axes
    stated, observed = upper.containers[0].lines[0].get_data()
    assert np.allclose(stated, [0.25, 0.95])
    assert np.allclose(observed, [0.4, 1.0])
    assert [text.get_text() for text in lower.texts] == ["10", "2"]
    assert "0.133" in upper.get_title()  # (10 * 0.15 + 2 * 0.05) / 12
    png(figure)


def test_co_occurrence_counts_what_the_model_gave_to_texts_of_a_frame() -> None:
    truth = np.array([[1, 0], [1, 0], [1, 1], [0, 0]])
    decided = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    figure = co_occurrence_figure(truth, decided, ["one", "другая"])
    axes = figure.axes[0]
    shares = axes.images[0].get_array()
    expected = [[200 / 3, 200 / 3, 0], [100, 100, 0], [0, 0, 100]]
    assert np.allclose(shares, expected)
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "one (3)",
        "другая (1)",
        "(no frame) (1)",
    ]
    png(figure)


def test_co_occurrence_leaves_out_rows_without_texts_and_stays_readable_for_many_frames() -> None:
    truth, probabilities = made_up(100, 36)
    truth[:, 5] = 0
    names = [f"frame_{i}" for i in range(36)]
    figure = co_occurrence_figure(truth, probabilities > 0.5, names)
    assert figure.axes[0].images[0].get_array().mask[5].all()
    assert not figure.axes[0].texts
    png(figure)


def test_one_text_is_enough_to_draw() -> None:
    truth, probabilities = np.array([[1, 0]]), np.array([[0.0, 1.0]])
    png(precision_recall_figure(truth, probabilities, ["a", "b"]))
    png(reliability_figure(truth, probabilities))
    png(co_occurrence_figure(truth, probabilities > 0.5, ["a", "b"]))


@pytest.mark.filterwarnings("error")
def test_signs_that_the_font_lacks_are_left_out_or_named() -> None:
    truth, probabilities = np.array([[1, 0, 1]] * 6), np.full((6, 3), 0.6)
    names = ("\U0001f54a peace broker", "\U0001f54a", "мир")
    figure = co_occurrence_figure(truth, probabilities > 0.5, names)
    figure.canvas.draw()  # a missing glyph would warn
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks[:3] == ["peace broker", "dove of peace", "мир"]


def test_names_are_drawn_in_the_fonts_that_have_their_letters(
    fonts: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fonts.append(str(write_font(tmp_path / "new.ttf", "Installed Since", "多极世界")))
    names = ("多极世界", "السلام", "мир и 多极", "peace")
    truth, probabilities = made_up(200, 4)
    figures = (
        co_occurrence_figure(truth, probabilities > 0.5, names),
        precision_recall_figure(truth, probabilities, names),
    )
    assert [tick.get_text() for tick in figures[0].axes[0].get_xticklabels()][:4] == [*names]
    assert [title.partition("\n")[0] for title in titles(figures[1])] == [*names]
    for figure in figures:
        png(figure)  # a letter that its fonts lack would warn
    assert not caplog.records  # such as of a font that is not found
    assert find_undrawn(names) == []


def test_letters_without_a_font_are_boxes_and_the_words_are_told(fonts: list[str]) -> None:
    assert len(fonts) == 1
    truth, probabilities = made_up(200, 4)
    names = ("多极 world", "السلام", "мир", "\U0001f54a")
    figure = co_occurrence_figure(truth, probabilities > 0.5, names)
    png(figure)
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks[:4] == ["□□ world", "السلام", "мир", "dove of peace"]
    [note] = note_undrawn(find_undrawn(names), "draw again")
    assert "all letters of: 多极; they show boxes" in note
    assert note.endswith("and draw again")
