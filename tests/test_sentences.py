import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.data.text.sentences import MAX_BLOCK, Sentence, split_sentences


def texts(post: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(post)]


def check_invariants(post: str, sentences: list[Sentence]) -> None:
    gaps, position = [], 0
    for index, sentence in enumerate(sentences):
        assert sentence.index == index
        assert position <= sentence.start < sentence.end <= len(post)
        assert post[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
        gaps.append(post[position : sentence.start])
        position = sentence.end
    gaps.append(post[position:])
    for gap in gaps:
        without_enumerators = re.sub(r"\d{1,2}[.)、．]|\d\ufe0f?\u20e3|[①-⓿]", "", gap)
        assert not any(c.isalnum() for c in without_enumerators), gap


@pytest.mark.parametrize(
    "post",
    [
        "The U.S. President met the U.K. Prime Minister.|In the U.S. |The result was clear.",
        "Art. 51 applies.|See No. 5 and Art. 7 of the Charter.|He said no.|Then he left.",
        "Dr. Smith, Mr. Brown and Gen. Milley met at St. Petersburg.|J. R. Smith came.",
        "Some states, e.g. France, i.e. members, agreed.|It began at 5 p.m. Moscow time.|It ended at 7 p.m. |We left.",
        "Он пришёл, т.е. вернулся, т.к. устал.|Завод им. Кирова работает с 1990 г. и по сей день.|Всё ясно.",
        "В 1990-2000 гг. было иначе.|Согласно ст. 51 Устава, это право.|Так сказал И. О. Фамилия вчера.",
        "Growth was 3.5 percent on 24.04.2023 in Moscow.|See https://mid.ru/a.b?c=d.e for more.|Ask @mfa_russia now.",
        "Really?!|Yes... but later.|Well…|Then silence.|No way!!!",
        '"Stop!" he said.|"We will go on."|«Мы едем», — сказал он.|(Applause.)|Thank you.',
        "Правда ли это?|Да!|Нет, — ответил он.",
        "He wrote “Never again.”|The hall rose.",
    ],
)
def test_sentences_inside_a_line(post: str) -> None:
    parts = [part.strip() for part in post.split("|")]
    assert texts(" ".join(parts)) == parts


def test_bullets_and_emoji_start_items_and_are_left_out() -> None:
    post = (
        "⚡️Main outcomes of the year⚡️\n👉 First thing\n✍️ Second thing done\n✅ Third: fine.\n🔹 Fourth\n🎙 Fifth"
        "\n💬 Sixth\n• Seventh\n– Eighth\n- Ninth\n* Tenth\n1. Eleventh\n2) Twelfth. With more."
        "\n3️⃣ Thirteenth\n🇷🇺🇺🇳 Russia spoke 🎉"
    )
    assert texts(post) == [
        *("Main outcomes of the year", "First thing", "Second thing done", "Third: fine.", "Fourth", "Fifth"),
        *("Sixth", "Seventh", "Eighth", "Ninth", "Tenth", "Eleventh", "Twelfth.", "With more.", "Thirteenth"),
        "Russia spoke",
    ]


def test_bullets_inside_a_line_start_items() -> None:
    post = "All on one line. 👉 First thing ✍️ Second thing ✅ Third. 🇷🇺 Russia spoke. I ❤️ it, and ✅ goes on."
    assert texts(post) == [
        *("All on one line.", "First thing", "Second thing", "Third.", "Russia spoke."),
        "I ❤️ it, and ✅ goes on.",
    ]


def test_numbers_and_signs_at_line_start_belong_to_the_sentence() -> None:
    post = "3.5 percent\n24.04.2023 was a Monday\n-5 degrees\n№ 7 is lucky\n$5 a day\n2022 was hard."
    assert texts(post) == post.split("\n")


def test_lines_that_one_sentence_runs_through_are_joined() -> None:
    post = "The ministry said that it\nwould answer, as\nalways. Then it did.\r\nEnd of story."
    assert texts(post) == [
        "The ministry said that it\nwould answer, as\nalways.",
        "Then it did.",
        "End of story.",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["Main heading", "The text begins here."],
        ["Key points:", "first of all, peace"],
        ["First line without end", "", "after a blank line in lower case"],
        ["First line without end", " \t ", "after a line of white space"],
        ["See our statement", "https://mid.ru/x"],
        ["Read in full", "and something else"],
        ["Closed by an emoji 🎉", "lower case again"],
    ],
)
def test_lines_that_stay_apart(lines: list[str]) -> None:
    clean = [line.replace(" 🎉", "") for line in lines if line.strip()]
    assert texts("\n".join(lines)) == clean


@pytest.mark.parametrize(
    "line",
    [
        *(
            "#EAEU #SCO & #BRICS",
            "https://t.me/mfa/1",
            "@mfa_russia",
            "mid.ru",
            "🇷🇺",
            "👉👉",
            "---",
            "(t.me/x)",
        ),
        *(
            "Read in full",
            "Read more",
            "Read the full text here",
            "Subscribe to our channel!",
            "Follow us on X",
        ),
        *(
            "Читать полностью",
            "Читайте также: новости",
            "Подробнее",
            "Подписывайтесь на канал",
            "Подписаться | Чат",
        ),
        *("Підписуйтесь на нас", "Источник: ТАСС", "Forwarded from Russian MFA"),
        *(
            "Наш чат | Our chat",
            "Долучайтеся до нашого каналу",
            "Вступайте в наш чат @chat",
            "Надішліть нам новину",
        ),
        *("اشترك في القناة", "تابعونا على تلغرام وتويتر", "للاشتراك في قناتنا اضغط هنا", "اقرأ المزيد"),
        *(
            "订阅我们的频道",
            "点击关注远山观察频道",
            "欢迎加入我们的电报群！",
            "阅读全文 https://t.me/a",
            "来源：新华社",
        ),
        *("チャンネル登録お願いします", "続きを読む", "채널 구독하기", "به کانال ما بپیوندید", "ادامه مطلب"),
        *(
            "Abonnez-vous à notre chaîne",
            "S'abonner à la chaîne",
            "Lire la suite",
            "Suivez-nous sur Telegram",
        ),
        *(
            "Folgen Sie unserem Kanal",
            "Jetzt abonnieren!",
            "Suscribete a nuestro canal",
            "Síguenos en Twitter y YouTube",
        ),
        *(
            "Kanalımıza abone olun",
            "Bizi Telegram'da takip edin",
            "Subskrybuj nasz kanał",
            "Dołącz do nas na Telegramie",
        ),
        *(
            "Iscriviti al nostro canale",
            "Siga-nos no Telegram",
            "Volg ons op Telegram",
            "Sledujte nás na Facebooku",
        ),
        *(
            "Pratite nas na Telegramu",
            "Абонирайте се за канала ни",
            "Iratkozz fel csatornánkra",
            "Ακολουθήστε μας στο X",
        ),
        *(
            "हमारे चैनल को सब्सक्राइब करें",
            "עקבו אחרינו בטלגרם",
            "Theo dõi kênh của chúng tôi",
            "Gabung channel kami",
        ),
        *("Каналымызға жазылыңыз", "ہمارے چینل کو سبسکرائب کریں", "გამოიწერეთ ჩვენი არხი", "Հետևեք մեզ"),
    ],
)
def test_boilerplate_is_marked_and_kept(line: str) -> None:
    sentences = split_sentences(f"A true sentence.\n{line}\nAnother one.")
    assert [sentence.is_boilerplate for sentence in sentences] == [False, True, False]
    assert sentences[1].text == line


@pytest.mark.parametrize(
    "line",
    [
        "Within the #EAEU we work.",
        "Join us in this fight for peace.",
        "Подписаться под этим может каждый.",
        "Readers know it.",
        "We told @mfa_russia so.",
        "Читать он не умел.",
        "Read more" + " and more and more" * 8,
        *(
            "Наш канал затопило водою.",
            "Наша группа войск отошла от города.",
            "Вступайте в ряды народного ополчения!",
        ),
        *("انضم إلى الجيش قبل عام.", "تابعوا ما فعله العدو في المدينة.", "اشترك في القتال ضد الغزاة."),
        *(
            "各国应当加入和平谈判。",
            "关注弱势社群的生活。",
            "我们的频道被当局封锁了。",
            "请关注这场战争的真相。",
        ),
        *(
            "チャンネルは政府に閉鎖された。",
            "مردم به کانال سوئز حمله کردند",
            "채널이 정부에 의해 차단되었다.",
        ),
        *(
            "Rejoignez-nous dans la lutte contre la guerre.",
            "Suivez la guerre en direct.",
            "Notre chaîne est interdite.",
        ),
        *("Folgen Sie uns in eine bessere Welt.", "Únete a la resistencia.", "Siga o dinheiro da guerra."),
        *(
            "Kanalımız kapatıldı.",
            "Bize katılmayan haindir.",
            "Dołącz do armii ochotniczej.",
            "Obserwuj wroga.",
        ),
        *("Segui i soldi.", "Volg ons voorbeeld.", "Sledujte, co dělá vláda.", "Pratite neprijatelja."),
        *("हमारे चैनल को सरकार ने बंद किया।", "הצטרפו למאבק", "Ikuti perang ini.", "Tham gia kháng chiến."),
    ],
)
def test_sentences_that_only_resemble_boilerplate(line: str) -> None:
    assert [sentence.is_boilerplate for sentence in split_sentences(line)] == [False]


def test_nothing_in_gives_nothing_out() -> None:
    assert split_sentences("") == []
    assert split_sentences(" \n\t\r\n\u2028") == []


def test_long_blocks_are_cut_and_nothing_is_lost() -> None:
    words = [f"word{n}" for n in range(3000)]
    sentences = split_sentences(" ".join(words))
    assert " ".join(sentence.text for sentence in sentences).split() == words
    assert max(len(sentence.text) for sentence in sentences) <= MAX_BLOCK


@pytest.mark.parametrize(
    "unit", ["a", "a ", ". ", "👉", "👉 ", "👉A ", "a\n", "A,\n", "1. ", "- ", '"', "a.", "#a ", "U.S. The "]
)
def test_the_work_grows_linearly_with_length(unit: str) -> None:
    def seconds(length: int) -> float:
        post = unit * (length // len(unit))
        taken = []
        for _ in range(3):
            started = time.process_time()
            check_invariants(post, split_sentences(post))
            taken.append(time.process_time() - started)
        return min(taken)  # what else the machine does only adds

    short, long = seconds(6_000), seconds(48_000)
    assert long < 32 * max(short, 0.01)  # 8 times longer; a quadratic splitter would take 64 times as long


FRAGMENTS = st.sampled_from(
    (  # noqa: SIM905 - a list would take forty lines
        ". |? |!|…|\n|\r\n| |  |👉 |✅|🇷🇺|• |- |— |1. |12) |3️⃣ |*|U.S. |Gen. |т.е. |e.g. |The |the |Москва|слово "
        '|#tag |@me |https://a.b/c |«|»|"|(|)|:|;|,|\u200d|\ufeff|\u2028|\x1c|\x00|no. |5 p.m. '
    ).split("|")
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=40).map("".join)))
@example("no. The no. The ")
@example("...\n...")
@example("\ud800 lone surrogate")
def test_every_sentence_is_a_slice_and_no_word_is_lost(post: str) -> None:
    check_invariants(post, split_sentences(post))
