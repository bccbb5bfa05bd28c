"""Words in scripts that do not divide them by spaces, or write vowels as marks; what the baseline makes of them."""

import json
import random
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.config.model import TfidfSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.word_pattern import WORD
from pipeline.explanation.text_explanation import find_units
from pipeline.measures.metrics import mean_average_precision
from pipeline.scoring.drift_reference import find_words

FRAMES = ("war", "peace", "rights")
ACTS = {
    "war": ["发动进攻", "炮击城市", "部署导弹", "轰炸桥梁", "增派部队", "占领村庄"],
    "peace": ["呼吁停火", "签署协议", "恢复谈判", "撤出部队", "停止战争", "交换战俘"],
    "rights": ["逮捕记者", "限制言论", "释放人质", "保护难民", "禁止集会", "驱逐居民"],
}
ACTORS = ["政府", "军队", "总统", "议会", "代表团", "反对派", "欧盟", "外交部", "工会", "法院"]
TIMES = ["昨天", "今天", "上周", "去年", "本月", "近日"]
NEUTRAL = ["没有透露细节", "随后离开现场", "引起广泛关注", "没有作出回应", "天气十分寒冷", "文件已经公布"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("सरकार ने घोषणा की", ["सरकार", "ने", "घोषणा", "की"]),
        ("中国今天 NATO说", ["中", "国", "今", "天", "NATO", "说"]),
        ("これはﾃｽﾄ", ["こ", "れ", "は", "ﾃ", "ｽ", "ﾄ"]),
        ("รัฐบาล ใหม่", ["รัฐบาล", "ใหม่"]),
        ("مُحَمَّد كتب", ["مُحَمَّد", "كتب"]),
        ("Он в М-16 не was_here", ["Он", "в", "М", "16", "не", "was_here"]),
    ],
)
def test_marks_belong_to_their_word_and_chinese_characters_are_words(text: str, words: list[str]) -> None:
    assert re.findall(WORD, text) == words


@given(st.text(st.characters(max_codepoint=0x58F)))
def test_words_of_european_scripts_are_runs_of_word_characters(text: str) -> None:
    assert re.findall(WORD, text) == re.findall(r"\w+", text)


def test_an_explanation_and_drift_see_the_same_words() -> None:
    text = "中国 घोषणा don't 5"
    assert [text[start:end] for start, end in find_units(text)] == ["中", "国", "घोषणा", "don't", "5"]
    assert find_words(text) == ["中", "国", "घोषणा", "don", "t"]


def draw_rows(n: int, seed: int) -> LabelledData:
    """Clauses without spaces; acts stand in phrases of no frame, too, with half of their characters."""
    generator = random.Random(seed)
    rows = []
    for i in range(n):
        labels = [frame for frame in FRAMES if generator.random() < 0.3]
        clauses = [generator.choice(ACTS[frame]) for frame in labels] + [generator.choice(NEUTRAL)]
        first, second = (generator.choice(ACTS[generator.choice(FRAMES)]) for _ in range(2))
        clauses.append(f"总统谈到{first[:2]}与{second[2:]}")
        clauses = [generator.choice(ACTORS) + generator.choice(TIMES) + clause for clause in clauses]
        generator.shuffle(clauses)
        rows.append({"id": str(i), "text": "，".join(clauses) + "。", "labels": labels})
    return LabelledData(pd.DataFrame(rows), FRAMES, Path("made.jsonl"))


def fit(data: LabelledData, folder: Path) -> TfidfBaseline:
    model = TfidfBaseline(TfidfSettings(c_grid=(10.0,)), FRAMES, single_label=False)
    model.fit(data, None, np.arange(len(data)), FitContext(0, folder, lambda *_: None, lambda *_: None))
    return model


def test_chinese_characters_as_words_rank_better_than_clauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = draw_rows(600, 9)
    quality: dict[int, list[float]] = {1: [], 2: []}
    for rules, found in quality.items():
        monkeypatch.setattr(TfidfBaseline, "word_rules", rules)
        for seed in range(3):
            model = fit(draw_rows(150, seed), tmp_path)
            found.append(
                mean_average_precision(test.indicator(), model.predict_proba(list(test.table["text"])))
            )
    assert np.mean(quality[2]) > np.mean(quality[1]) + 0.005


def test_a_model_from_before_reads_words_as_it_was_taught(tmp_path: Path) -> None:
    model = fit(draw_rows(100, 1), tmp_path)
    model.save(tmp_path)
    described = json.loads((tmp_path / "classifier.json").read_text())
    assert described.pop("word_rules") == 2
    (tmp_path / "classifier.json").write_text(json.dumps(described))
    parts = dict(TfidfBaseline.load(tmp_path)._fitted().transformer_list)
    assert parts["words"].build_tokenizer()("中国今天") == ["中国今天"]
