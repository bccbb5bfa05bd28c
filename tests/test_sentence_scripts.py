"""Where sentences end in every script that posts are identified in, and in those that only their marks tell."""

import re
import unicodedata

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sentences import check_invariants, texts

from pipeline.data.text.sentence_patterns import ALWAYS
from pipeline.data.text.sentences import split_sentences


def split_of(marked: str) -> tuple[str, list[str]]:
    """A post and its sentences, from a text in which "|" stands where one ends and white space after it is kept."""
    return marked.replace("|", ""), [part.strip() for part in marked.split("|")]


@pytest.mark.parametrize(
    "marked",
    [
        # Chinese: no spaces; quotations; ellipses; half-width marks; numbers
        "中国今天宣布了新政策。|美国表示反对！|这是真的吗？|没人知道。",
        "他说：“我们不会投降。”|会议随后结束。|“你好。”他说。|她走了……再也没有回来。",
        "代表问:真的吗?|没人回答!|会议在3.5小时后结束。|增长2。5倍。",
        "（完）。|新的一天开始了。|《人民日报》发文！|“行吗？”她问道，“不行？”",
        # Japanese
        "これは文です。|次の文です！|本当ですか？|はい。",
        "「行こう。」と彼は言った。|『終わり。』|次の日が来た。|（笑）。|それは3．5倍だ。",
        "株価が下がった｡|円も下がった｡",
        "“这里的风景太美了。”一位来自北岭的游客说。|“我们绝不退让。”|会议随后结束。",
        # Korean: spaces, dates with stops
        "정부가 발표했다. |야당은 반대했다! |정말인가요? |2024. 5. 3. 서울에서 열렸다.",
        # Indic
        "सरकार ने घोषणा की। |विपक्ष ने विरोध किया। |क्या यह सच है? |डॉ. सिंह ने कहा। |हाँ।",
        "সরকার ঘোষণা করেছে। |বিরোধীরা প্রতিবাদ করেছে। |এটা কি সত্যি?",
        "ਸਰਕਾਰ ਨੇ ਐਲਾਨ ਕੀਤਾ।|ਵਿਰੋਧ ਹੋਇਆ॥ |ਹਾਂ।",
        # Arabic script
        "أعلنت الحكومة ذلك. |هل هذا صحيح؟ |نعم! |قال د. أحمد إن الأمر انتهى. |انتهى الاجتماع…",
        "أعلنت الحكومة ذلك.\u200f |ثم صمتت.",
        "حکومت نے اعلان کیا۔ |اپوزیشن نے احتجاج کیا۔|کیا یہ سچ ہے؟ |جی ہاں۔",
        "دولت اعلام کرد. |آیا این درست است؟ |«بله.» |او رفت.",
        # Hebrew, Armenian, Georgian, Greek
        "הממשלה הודיעה על כך. |האם זה נכון? |כן! |א. ב. יהושע כתב על כך.",
        "Կառավարությունը հայտարարեց։ |Ընդդիմությունը դեմ է։ |Դա ճիշտ է: |Այո։",
        "მთავრობამ განაცხადა. |ეს მართალია? |დიახ! |პროფ. გელაშვილი მოვიდა.",
        "Η κυβέρνηση ανακοίνωσε. |Είναι αλήθεια; |Ναι! |Ο κ. Παπάς και ο Δρ. Νίκος έφυγαν.",
        # Ethiopic, Burmese, Khmer, Tibetan, Mongolian, Syriac
        "መንግሥት አስታወቀ። |ተቃዋሚዎች ተቃወሙ፡፡ |እውነት ነው፧ |አዎ።",
        "အစိုးရက ကြေညာသည်။ |အတိုက်အခံက ကန့်ကွက်သည်။|ဟုတ်ကဲ့၊ မှန်သည်။",
        "រដ្ឋាភិបាលបានប្រកាស។ |បក្សប្រឆាំងបានតវ៉ា។|ផ្លែឈើ បន្លែ ។ល។ |ត្រូវបានលក់។",
        "བོད་ཡིག་གི་ཚིག་དང་པོ།  |ཚིག་གཉིས་པ།། །|ཚིག་གསུམ་པ།",
        # Latin alphabets
        "Am 3. Oktober tagte der 20. Bundestag, d. h. das Parlament. |Dr. Weber sprach. |„Gut.“ |Er ging.",
        "Le ministre a dit : « Non ! » |Il est parti. |M. Dupont, p. ex. le maire, est venu. |Vraiment ? |Oui.",
        "¡Basta! |¿Qué pasa? |La Sra. López y el Gral. Ruiz llegaron. |Es el art. 5 de la ley.",
        "Prof. Nowak i gen. Kowalski mieszkają przy ul. Długiej. |Tak, tj. nie.",
        "Sn. Yılmaz ve Doç. Dr. Kaya geldi. |Öyle mi? |Evet.",
        "Tp. Hồ Chí Minh đón khách. |Thật sao? |Vâng.",
        # Russian and Ukrainian
        "Он родился в г. Москве на ул. Ленина, д. 5, кв. 7. |Потом уехал. |См. рис. 5 и табл. 3. |Конец.",
        "Він живе на вул. Шевченка у м. Києві. |Це у центрі. |Ген. Коваль приїхав. |Так воно і є. |Кінець.",
        "Рада зібралася 12.03.2024 р. |Голова прибув. |Станом на 12.03.2024 р. Росія мовчить. |Див. стор. 5. |Усе.",
        "Он умер 5 мая 2024 г. |В 2022 г. Россия молчала. |12.03.2024 г. Москва ответила.",
        "Цены, тарифы и т.д. |Всё растёт на 14 млн руб. |Он там, где и я. |И точка.",
    ],
)
def test_sentences_end_where_a_reader_of_the_language_sees_it(marked: str) -> None:
    post, parts = split_of(marked)
    assert texts(post) == parts


@pytest.mark.parametrize(
    "post",
    [
        "รัฐบาลประกาศนโยบายใหม่ เมื่อวันที่ 5 พ.ศ. 2566 ดร. สมชาย กล่าว\nฝ่ายค้านไม่เห็นด้วย",
        "ລັດຖະບານປະກາດນະໂຍບາຍໃໝ່\nຝ່າຍຄ້ານບໍ່ເຫັນດີ",
    ],
)
def test_lines_are_sentences_where_there_are_no_marks(post: str) -> None:
    assert texts(post) == post.split("\n")


def test_bullets_start_items_in_every_script() -> None:
    post = "会议要点。👉第一项✅第二项。👉 第三项\n1、第四项\n• النقطة الخامسة\n▪️ छठा बिंदु\n٧. سابعا"
    assert texts(post) == [
        "会议要点。",
        "第一项✅第二项。",
        "第三项",
        "第四项",
        "النقطة الخامسة",
        "छठा बिंदु",
        "سابعا",
    ]


def test_long_texts_without_spaces_are_cut_at_their_own_marks() -> None:
    unit = "中国今天宣布了新政策。"
    assert texts(unit * 500) == [unit] * 500


def test_every_mark_that_unicode_knows_is_known_but_for_rare_scripts() -> None:
    listed = {c for c in map(chr, range(0x10000)) if regex.match(r"\p{STerm}", c)}
    missing = {unicodedata.name(c, c) for c in listed if not re.match(f"[!?.{ALWAYS}]", c)}
    used = (
        "ARABIC",
        "ARMENIAN",
        "DEVANAGARI",
        "ETHIOPIC",
        "KHMER",
        "IDEOGRAPHIC",
        "FULLWIDTH",
        "MONGOLIAN",
        "SYRIAC",
    )
    assert not [name for name in missing if name.startswith(used)]
    assert "MYANMAR SIGN LITTLE SECTION" in missing  # the Burmese comma


_LETTERS = st.characters(
    categories=("L", "M", "N", "P", "S", "Z", "Cf"), include_characters=ALWAYS + ".!?…;:=()\"'»”’」\n "
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.one_of(_LETTERS, st.sampled_from([*ALWAYS, ". ", "! ", "」", "“", "\n", ":) "])), max_size=80)
)
def test_every_sentence_is_a_slice_in_every_script(parts: list[str]) -> None:
    post = "".join(parts)
    check_invariants(post, split_sentences(post))
