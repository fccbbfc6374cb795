"""Which passage of a text speaks for an alert."""

import pytest

from pipeline.model.event import Metric, Score
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

READER = Reader(load_engine("fast"))


def worst(text: str) -> str | None:
    (reading,) = READER.read([text], [None])
    return reading.worst and text[reading.worst.start : reading.worst.end]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "İki yıldır müşterinizim. Kargom üç gündür gelmedi ve kimse telefona bakmıyor! "
            "Adresim değişmedi.",
            "Kargom üç gündür gelmedi ve kimse telefona bakmıyor!",
        ),
        (
            "ATM\nDün öğlen geldim. Makine paramı vermedi, rezalet.",
            "Makine paramı vermedi, rezalet.",
        ),
        (
            "I have been with you since 2019. The app crashes every single time, terrible.",
            "The app crashes every single time, terrible.",
        ),
        (
            "Kartım dün bankamatikte kaldı. Gereğinin yapılmasını rica ediyorum.",
            "Kartım dün bankamatikte kaldı.",
        ),
        (
            "Üç haftadır iade bekliyorum. YAŞADIĞIM MAĞDURİYETİN BİR AN ÖNCE GİDERİLMESİNİ TALEP "
            "EDİYORUM. Şimdiden teşekkürler.",
            "Üç haftadır iade bekliyorum.",
        ),
        (
            "Worst airline ever, you lost my bag again. Nobody answers the phone. Please help!",
            "Worst airline ever, you lost my bag again.",
        ),
        ("Gereğinin yapılmasını rica ederim.", "Gereğinin yapılmasını rica ederim."),
        ("Berbat.", "Berbat."),
    ],
)
def test_the_worst_passage_is_what_is_wrong_and_no_background(text: str, said: str) -> None:
    assert worst(text) == said


def test_of_what_others_wrote_nothing_is_the_customers_worst() -> None:
    text = (
        "Paramı hâlâ iade etmediniz. Çok kötü.\n\n> Hizmetimiz berbattı, özür dileriz.\n> Ekibimiz"
    )
    said = worst(text)
    assert said
    assert said in text[: text.index(">")]


def test_a_content_text_has_none_and_beside_a_low_score_it_is_known_as_praise() -> None:
    for text in ("Personel çok ilgiliydi. Çok teşekkürler.", "Harika bir hizmet, teşekkürler!"):
        content, low = READER.read([text] * 2, ["tr"] * 2, [None, Score(Metric.CSAT, 1, 1, 5)])
        assert content.worst is None
        assert low.worst
        assert low.worst.label == "positive"


@pytest.mark.parametrize("text", ["", " ", "https://example.org", "👍", "..."])
def test_a_text_without_words_has_no_sentence(text: str) -> None:
    (reading,) = READER.read([text], [None])
    assert reading.worst is None or text[reading.worst.start : reading.worst.end] == text


def test_the_readings_of_a_batch_have_each_their_own() -> None:
    texts = [
        "Kargom gelmedi. Çok kötü bir hizmet aldım.",
        "Adresim değişti.",
        "Rezalet! Bir daha mı?",
    ]
    alone = [READER.read([text], ["tr"])[0].worst for text in texts]
    assert [reading.worst for reading in READER.read(texts, ["tr"] * 3)] == alone
