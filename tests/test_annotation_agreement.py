"""Coefficients on published worked examples, and the report on codings with known disagreements."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.annotation.agreement import measure_agreement, read_for_agreement, write_disputed
from pipeline.annotation.coded_table import Coding
from pipeline.annotation.coefficients import agreement_terms, coefficients, masi_distances
from pipeline.annotation.label_exchange import export_units, import_codings, write_codings
from pipeline.annotation.record_files import write_records
from pipeline.annotation.sample_files import write_sample
from pipeline.cli import app
from pipeline.config.run_config import SAMPLE_FOLDER
from pipeline.data.codebooks.codebook import draft_codebook
from pipeline.data.tables.table_files import read_records
from pipeline.errors import DataError
from pipeline.prevalence.labelled_sample import read_labelled_sample


def judge(rows: list[str], values: str) -> dict[str, float]:
    """Coefficients of a reliability matrix: one string for each annotator, one sign for each unit, * is missing."""
    codes = np.array([[values.find(sign) for sign in row.replace(" ", "")] for row in rows]).T
    terms = agreement_terms(codes.astype(np.int64), len(values))
    found = coefficients(terms.weigh(np.ones((1, len(codes)))), len(values))
    return {name: float(getattr(found, name)[0]) for name in found.__slots__}


def test_alpha_of_krippendorffs_binary_example() -> None:
    """Krippendorff 2011, section A: two observers, ten units, alpha = .095."""
    assert judge(["0100000010", "1110010000"], "01")["alpha"] == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_krippendorffs_nominal_example() -> None:
    """Krippendorff 2011, section B: two observers, twelve units, five values, alpha = .692."""
    assert judge(["aabbdcccedda", "babbbccceddd"], "abcde")["alpha"] == pytest.approx(0.692, abs=5e-4)


def test_alpha_with_missing_codings() -> None:
    """Three observers, fifteen units, nominal alpha = .691 (the example with missing data in Wikipedia's article)."""
    rows = ["*****3412113 3*3", "1*213343 *******", "**21344*2113 3*4"]
    assert judge(rows, "1234")["alpha"] == pytest.approx(0.691, abs=5e-4)


def test_four_raters_of_gwets_handbook() -> None:
    """Krippendorff 2011, section C, and Gwet 2014, table 2.10: twelve units, four raters, five values.

    Alpha = .743, Fleiss' kappa = .76117, AC1 = .77544, percent agreement = .81818.
    """
    rows = ["12332141 2***", "12332241 25*3", "*33323422 51*", "12332441 251*"]
    found = judge(rows, "12345")
    assert found["alpha"] == pytest.approx(0.743, abs=5e-4)
    assert found["fleiss"] == pytest.approx(0.76117, abs=5e-6)
    assert found["ac1"] == pytest.approx(0.77544, abs=5e-6)
    assert found["percent"] == pytest.approx(0.81818, abs=5e-6)


def test_fleiss_kappa_of_fourteen_raters() -> None:
    """Ten units, fourteen raters, five values, kappa = .210 (the worked example of Wikipedia's article)."""
    counts = [
        *((0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1)),
        *((7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7)),
    ]
    codes = np.array([np.repeat(np.arange(5), row) for row in counts])
    found = coefficients(agreement_terms(codes, 5).weigh(np.ones((1, 10))), 5)
    assert found.fleiss[0] == pytest.approx(0.210, abs=5e-4)


def test_cohens_kappa_and_the_paradox_that_ac1_answers() -> None:
    """Cohen's kappa .4 (20, 5, 10, 15); and 118, 5, 2, 0 in Gwet 2008: agreement .944, kappa -.0234, AC1 .9408."""
    assert judge(["1" * 25 + "0" * 25, "1" * 20 + "0" * 5 + "1" * 10 + "0" * 15], "01")[
        "cohen"
    ] == pytest.approx(0.4)
    found = judge(["1" * 118 + "1" * 5 + "0" * 2, "1" * 118 + "0" * 5 + "1" * 2], "01")
    assert found["percent"] == pytest.approx(0.944)
    assert found["cohen"] == pytest.approx(-0.0234, abs=5e-5)
    assert found["ac1"] == pytest.approx(0.9408, abs=5e-5)


def test_nothing_is_claimed_where_nothing_could_disagree() -> None:
    found = judge(["0000", "0000"], "01")
    assert np.isnan(found["alpha"])
    assert np.isnan(found["cohen"])
    assert found["percent"] == 1
    assert found["ac1"] == 1


def coding(unit: str, annotator: str, *labels: str, **fields: object) -> Coding:
    text = " ".join(
        f"{word}{unit}" for word in ("war", "peace", "trade", "law", "order", "border", "history")
    )
    return Coding("made", unit, text, annotator, labels, **fields)  # type: ignore[arg-type]


def test_the_report_says_what_stands_against_what() -> None:
    codings = [
        *(coding(f"u{i}", name, "order") for i in range(8) for name in "ab"),
        *(coding("v", "a", "order", "threat"), coding("v", "b", "threat", "unity")),
        *(coding("w", "a", "order"), coding("w", "b")),
        coding("alone", "a"),
    ]
    report = measure_agreement(codings, samples=200)
    assert report.annotators == ("a", "b")
    assert report.n_units == report.n_clusters == 10
    assert report.confusions == (("order", "(none)", 1), ("order", "unity", 1))
    assert [(unit["id"], unit["in_dispute"]) for unit in report.disputed] == [
        ("v", ["order", "unity"]),
        ("w", ["order"]),
    ]
    assert report.label_sets.figures["percent"].value == pytest.approx(0.8)
    assert report.decisions.figures["percent"].value == pytest.approx(27 / 30)
    frames = {frame.name: frame for frame in report.frames}
    assert frames["order"].coded == 18
    assert frames["threat"].figures["alpha"].value == 1
    assert "1 unit has one coding only: nothing to compare" in report.notes


def test_label_sets_that_share_frames_agree_in_part() -> None:
    """MASI (Passonneau 2006) worked out: equal 0; {a} in {a, b} 1 - 1/2 * 2/3; {a, b} and {b, c} 1 - 1/3 * 1/3."""
    sets = [frozenset(part) for part in ("", "a", "ab", "bc")]
    distances = masi_distances(sets)
    assert np.diag(distances).tolist() == [0, 0, 0, 0]
    assert distances[1, 2] == distances[2, 1] == pytest.approx(2 / 3)
    assert distances[2, 3] == pytest.approx(8 / 9)
    assert distances[0, 1] == distances[1, 3] == 1

    generator = np.random.default_rng(8)
    given = [
        [tuple(f for f in ("x", "y", "z") if generator.random() < 0.4) for _ in range(2 + i % 2)]
        for i in range(40)
    ]
    codings = [
        coding(f"u{i}", "abc"[k], *labels) for i, unit in enumerate(given) for k, labels in enumerate(unit)
    ]
    report = measure_agreement(codings, samples=200)
    assert report.masi.value == pytest.approx(alpha_by_hand([[frozenset(s) for s in unit] for unit in given]))
    assert report.masi.low is not None
    assert report.masi.low < report.masi.value < report.masi.high
    nominal = report.label_sets.figures["alpha"].value
    assert nominal != pytest.approx(report.masi.value, abs=0.01)  # it is not the same figure again


def alpha_by_hand(units: list[list[frozenset[str]]]) -> float:
    """Krippendorff's alpha from every pair of codings, without counts."""

    def apart(a: frozenset[str], b: frozenset[str]) -> float:
        if a == b:
            return 0.0
        kind = 2 / 3 if a <= b or b <= a else 1 / 3
        return 1 - len(a & b) / len(a | b) * kind

    everything = [one for unit in units for one in unit]
    n = len(everything)
    observed = sum(
        apart(a, b) / (len(unit) - 1)
        for unit in units
        for i, a in enumerate(unit)
        for j, b in enumerate(unit)
        if i != j
    )
    expected = sum(apart(a, b) for a in everything for b in everything) / (n - 1)
    return 1 - observed / expected


def test_intervals_are_over_clusters_not_over_copies() -> None:
    """Sixty copies of each unit in another order of letters are as one unit."""
    rng = np.random.default_rng(4)
    once = [
        coding(f"u{i}", name, *(["order"] if given else []))
        for i in range(30)
        for name, given in zip("ab", rng.random(2) < 0.5, strict=True)
    ]
    copies = [Coding("made", f"{c.id}-{k}", c.text, c.annotator, c.labels) for c in once for k in range(6)]
    small, large = (
        measure_agreement(codings, samples=400).frames[0].figures["percent"] for codings in (once, copies)
    )
    assert large.value == pytest.approx(small.value)
    assert large.low == pytest.approx(small.low, abs=0.03)
    assert large.high == pytest.approx(small.high, abs=0.03)


def test_the_embedded_second_coding_is_as_its_data_statement_says() -> None:
    paths = [SAMPLE_FOLDER / "labelled_sentences.jsonl", SAMPLE_FOLDER / "second_coding.jsonl"]
    codings, notes = read_for_agreement(paths, None)
    report = measure_agreement(codings, samples=100, notes=notes)
    assert report.n_units == 300
    assert report.annotators == ("labelled_sentences", "second")
    assert report.decisions.figures["alpha"].value == pytest.approx(0.977, abs=5e-4)
    assert report.label_sets.figures["percent"].value == pytest.approx(290 / 300)
    assert len(report.disputed) == 10


def test_ground_truth_and_skipped_codings_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "text": "x", "labels": ["a"], "annotator": "p"},
        {"id": "1", "text": "x", "labels": ["a"], "annotator": "judge", "is_ground_truth": True},
        {"id": "1", "text": "x", "labels": [], "annotator": "q", "status": "skipped"},
        {"id": "1", "text": "x", "labels": [], "annotator": "r"},
    ]
    path = tmp_path / "coded.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    codings, notes = read_for_agreement([path], None)
    assert [c.annotator for c in codings] == ["p", "r"]
    assert len(notes) == 2
    assert len(read_for_agreement([path], None, with_ground_truth=True)[0]) == 3
    with pytest.raises(DataError, match="no unit was coded by two annotators: 1 units, annotators p"):
        measure_agreement(codings[:1])


def test_the_command_prints_the_object_and_writes_what_to_discuss(tmp_path: Path) -> None:
    discuss = tmp_path / "discuss.csv"
    inputs = [
        "sample:labelled_sentences.jsonl",
        "sample:second_coding.jsonl",
        "--codebook",
        "sample:codebook.yaml",
    ]
    done = CliRunner().invoke(app, ["agreement", *inputs, "--discuss", str(discuss), "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["units"] == 300
    assert len(result["per_frame"]) == 15
    low, value, high = (result["decisions"]["alpha"][part] for part in ("low", "value", "high"))
    assert low < value < high
    rows = read_records(discuss)
    assert len(rows) == result["disputed"] == 10
    assert set(rows[0].cells) == {
        *("id", "text", "in_dispute", "by labelled_sentences", "by second"),
        *("labels", "is_ground_truth"),
    }
    shown = CliRunner().invoke(app, ["agreement", *inputs])
    assert "Krippendorff" in shown.output


def test_settled_disputes_are_imported_and_give_shares_one_labelling(tmp_path: Path) -> None:
    book = draft_codebook("Book", ["order", "unity"], mode="multi_label")
    sample = [
        {
            "id": f"chan/{i}:0",
            "unit": "sentence",
            "text": f"text {i}",
            "channel": "chan",
            "stratum": "all",
            "inclusion_probability": 0.5,
            "design": "random",
            "purpose": "estimate",
            "sample_id": "s",
        }
        for i in range(4)
    ]
    write_sample(tmp_path / "sample.csv", sample)
    given = {"anna": ["order", "order", "(no frame)", "unity"], "ben": ["order", "unity", "order", "unity"]}
    for name, labels in given.items():
        export_units(tmp_path / "sample.csv", book, tmp_path / f"{name}.csv", "table", "labels")
        cells = [
            record.cells | {"labels": x}
            for record, x in zip(read_records(tmp_path / f"{name}.csv"), labels, strict=True)
        ]
        write_records(tmp_path / f"{name}.csv", cells, list(cells[0]))
    coders = [tmp_path / "anna.csv", tmp_path / "ben.csv"]
    imported = import_codings(coders, book, sample=tmp_path / "sample.csv")
    write_codings(tmp_path / "coded.csv", imported)
    with pytest.raises(DataError, match=r"2 units have codings that differ.*frames agreement.*--discuss"):
        read_labelled_sample(tmp_path / "coded.csv", book.frame_ids)

    discuss = tmp_path / "settled.csv"
    write_disputed(discuss, measure_agreement(read_for_agreement(coders, book)[0], book.frame_ids))
    rows = [record.cells for record in read_records(discuss)]
    assert sorted((row["by anna"], row["by ben"]) for row in rows) == [
        ("(no frame)", "order"),
        ("order", "unity"),
    ]
    blind, _ = read_for_agreement([tmp_path / "coded.csv"], book)
    write_disputed(tmp_path / "blind.csv", measure_agreement(blind, book.frame_ids))
    assert [record.cells["id"] for record in read_records(tmp_path / "blind.csv")] == [
        row["id"] for row in rows
    ]

    with pytest.raises(DataError, match=r"settled\.csv: no coding: 2 rows .* Write what was settled into"):
        import_codings([*coders, discuss], book, sample=tmp_path / "sample.csv", empty_is_coded=True)
    half = [rows[0] | {"labels": "order"}, rows[1]]
    write_records(discuss, half, list(rows[0]))
    read = import_codings([*coders, discuss], book, sample=tmp_path / "sample.csv", empty_is_coded=True)
    assert [c.status for c in read.codings if c.is_ground_truth] == ["coded", "skipped"]
    filled = [row | {"labels": "(no frame)" if row["by ben"] == "order" else "order;unity"} for row in rows]
    write_records(discuss, filled, list(filled[0]))
    everything = import_codings([*coders, discuss], book, sample=tmp_path / "sample.csv")
    assert not everything.rejects
    write_codings(tmp_path / "all.csv", everything)
    settled = read_labelled_sample(tmp_path / "all.csv", book.frame_ids)
    assert settled.labels.tolist() == [[1, 0], [1, 1], [0, 0], [0, 1]]


def test_a_table_to_settle_is_never_written_over(tmp_path: Path) -> None:
    discuss = tmp_path / "discuss.csv"
    arguments = [
        "agreement",
        "sample:labelled_sentences.jsonl",
        "sample:second_coding.jsonl",
        "--discuss",
        str(discuss),
    ]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "frames label-import sample:labelled_sentences.jsonl" in done.output
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert "exists already" in again.output
