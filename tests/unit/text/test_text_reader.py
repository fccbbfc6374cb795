from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Intent, Reading
from pipeline.text.consistency import VERSION
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.unit.text.engines import Constant

READER = Reader(load_engine("fast"))


ANGRY, CALM = Reader(Constant(0.9, 0.1, 0.0)), Reader(Constant(0.05, 0.9, 0.05))


def read(reader: Reader, text: str, language: str | None = None) -> Reading:
    (reading,) = reader.read([text], [language])
    return reading


def opened(title: str | None, text: str) -> Event:
    at = datetime(2026, 12, 3, tzinfo=UTC)
    type_ = EventType.TICKET_OPENED
    return Event("e", at, "c", type=type_, channel="email", title=title, text=text)


def test_a_reading_says_which_engine_gave_it_and_what_the_author_means_to_do() -> None:
    reading = read(ANGRY, "BİR DAHA ALMAM")
    assert (reading.engine, reading.version, reading.label) == (
        "constant",
        f"7.{VERSION}",
        "negative",
    )
    assert (reading.language, reading.intents) == ("tr", (Intent("boycott", 0, 14),))


@pytest.mark.parametrize("text", ["", "  \n", "https://t.co/abc", "@ali", "...", "[PHONE****]"])
def test_a_text_that_says_nothing_is_neutral_and_nobody_is_certain(text: str) -> None:
    reading = read(ANGRY, text)
    assert (reading.label, reading.probabilities.neutral, reading.intensity) == ("neutral", 0.5, 0)


@pytest.mark.parametrize(
    ("given", "language"),
    [("tr", "tr"), ("tr-TR", "tr"), ("DE_de", "de"), ("fr", "fr"), (None, "en"), ("", "en")],
)
def test_the_given_language_wins(given: str | None, language: str) -> None:
    assert read(CALM, "where is the order that you promised", given).language == language


@pytest.mark.parametrize(
    "stronger",
    [
        "KARGOM NEREDE KALDI",
        "kargom nerede kaldı!!!",
        "kargom neredeeeee kaldı",
        "kargom nerede kaldı 😡",
        "kargom nerede kaldı rezalet",
        "kargom nerede kaldi, serefsizler",
    ],
)
def test_each_sign_of_feeling_raises_the_intensity(stronger: str) -> None:
    assert read(ANGRY, stronger).intensity > read(ANGRY, "kargom nerede kaldı").intensity + 0.05


def test_intensity_runs_from_flat_to_furious() -> None:
    assert read(CALM, "Şube saat dokuzda açılır.").intensity < 0.1
    assert read(ANGRY, "REZALETSİNİZ BIKTIM ARTIK!!! 😡🤬").intensity > 0.9


def test_letters_of_an_abbreviation_are_no_shouting() -> None:
    assert read(CALM, "TCKN ve IBAN numaram").intensity < 0.1


@given(st.lists(st.text(st.characters(), max_size=50), max_size=5))
@settings(max_examples=100)
def test_any_text_gets_a_valid_reading(texts: list[str]) -> None:
    readings = READER.read(texts, [None] * len(texts))
    for text, reading in zip(texts, readings, strict=True):
        shares = reading.probabilities
        assert shares.negative + shares.neutral + shares.positive == pytest.approx(1)
        assert 0 <= reading.intensity <= 1
        assert getattr(shares, reading.label) == max(
            shares.negative, shares.neutral, shares.positive
        )
        assert reading.anger in range(4)
        assert reading.urgency in range(4)
        for span in (*reading.intents, *reading.topics):
            assert 0 <= span.start < span.end <= len(text)


def test_a_language_is_needed_for_each_text() -> None:
    with pytest.raises(ValueError, match="2 texts, but 1 languages"):
        READER.read(["a", "b"], [None])


def test_an_unknown_engine_or_a_model_that_is_not_named_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="choose auto, fast, strong or hf"):
        load_engine("fst")
    with pytest.raises(ValueError, match="needs a model"):
        load_engine("hf")


def test_a_furious_mail_is_not_read_by_the_praise_that_it_quotes() -> None:
    header = "25 Kas 2026 Çar, 14:05 tarihinde Destek <d@pazarim.example> şunu yazdı:"
    praise = "> Her şey harika, mükemmel, süper hizmet! Çok memnunuz, teşekkürler, bayıldık!\n" * 4
    words = "Rezalet! Bir daha asla almam, paramı geri verin."
    mail = f"{header}\n{praise}\n{words}\n"
    whole = read(READER, mail)
    assert (whole.label, whole.anger) == ("negative", read(READER, words).anger)
    assert whole.anger >= 2
    assert [mail[one.start : one.end] for one in whole.intents] == [
        words[one.start : one.end] for one in read(READER, words).intents
    ]
    assert [mail[one.start : one.end] for one in whole.topics] == [
        words[one.start : one.end] for one in read(READER, words).topics
    ]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Otomatik yanıt: İade", "Ofis dışındayım, rezalet bir hava var, bıktım. Çok kızgınım!"),
        ("Out of Office Re: Refund", "I hate this. I am furious, I want my money back!"),
        ("İade", "Bu otomatik bir yanıttır. Ofis dışındayım, bıktım, paramı geri verin!"),
        (None, "This is an automatic reply. I am out of the office. Terrible, awful, refund!"),
    ],
)
def test_an_automatic_reply_of_any_source_says_nothing(title: str | None, text: str) -> None:
    (reading,) = READER.read_events([opened(title, text)])
    assert reading is not None
    assert (reading.label, reading.anger, reading.urgency) == ("neutral", 0, 0)
    assert reading.intents == reading.topics == ()


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Otomatik yanıt aldım, kimse dönmedi", "Rezalet, bıktım artık!"),
        ("Otomatik yanıt", "Sürekli bu geliyor. Rezalet, bıktım artık!"),
        ("Re: Otomatik yanıt: İade", "Rezalet, bıktım artık!"),
        ("Refund", "Out of office reply is all I get. Terrible service, awful!"),
    ],
)
def test_who_complains_of_automatic_replies_is_heard(title: str, text: str) -> None:
    (reading,) = READER.read_events([opened(title, text)])
    assert reading is not None
    assert reading.label == "negative"
