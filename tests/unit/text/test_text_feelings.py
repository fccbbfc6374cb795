"""Anger, urgency and intents of whole sentences, as `fast` and the lexicons read them."""

import pytest

from pipeline.model.reading import Reading
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.unit.text.engines import Constant

FAST = Reader(load_engine("fast"))
ANGRY, CALM, GLAD = (
    Reader(Constant(*row)) for row in ((0.9, 0.1, 0.0), (0.1, 0.8, 0.1), (0.0, 0.1, 0.9))
)


def read(reader: Reader, text: str) -> Reading:
    (reading,) = reader.read([text], [None])
    return reading


@pytest.mark.parametrize(
    ("text", "anger", "intents"),
    [
        ("Merhaba, siparişim ne zaman gelir?", 0, {"ask_status"}),
        ("Kargom gelmedi, yardımcı olur musunuz?", 0, set()),
        ("Bıktım sizden, internet yine yok", 1, set()),
        ("Rezalet bir hizmet, kimse cevap vermiyor", 2, set()),
        ("Çok kızgınım, bir yetkiliyle görüşmek istiyorum", 2, {"ask_person"}),
        ("Gerçekten çok kızgınım", 3, set()),
        ("REZALETSİNİZ, PARAMI GERİ VERİN!!!", 3, {"refund"}),
        ("Şerefsizler, bir daha almam", 3, {"churn"}),
        ("Kargo berbat, param gitti 😡", 2, set()),
        ("Kızgın değilim, sadece üzgünüm", 0, set()),
        ("HARİKASINIZ!!! Çok memnun kaldım", 0, {"praise"}),
        ("müşteri temsilcisine bağlayın", 0, {"ask_person"}),
        ("Lütfen beni arayın", 0, {"ask_person"}),
        ("Paramı iade edin artık", 0, {"refund"}),
        ("ücret iadesi talep ediyorum", 0, {"refund"}),
        ("Vodafone'a geçiyorum, sizi BTK'ya şikayet edeceğim", 0, {"churn", "legal"}),
        ("Şikayetvar'a yazacağım", 0, {"go_public"}),
        ("Herkese tavsiye ederim, teşekkürler", 0, {"praise", "thanks"}),
        ("Where is my order?", 0, {"ask_status"}),
        ("Let me talk to a human", 0, {"ask_person"}),
        ("can I please speak with a manager", 0, {"ask_person"}),
        ("Please call me back", 0, {"ask_person"}),
        ("I want my money back", 0, {"refund"}),
        ("Worst company ever, shame on you", 3, set()),
        ("I'm furious, your agent lied to me", 3, set()),
        ("You are thieves and idiots!!!", 3, set()),
        ("I'm not angry, just tired of waiting", 0, set()),
        ("Great job, thank you so much!!!", 0, {"praise", "thanks"}),
        ("THIS IS AMAZING, I LOVE IT!!!", 0, set()),
        ("I'm switching to Verizon, you just lost a customer", 0, {"churn"}),
        ("I spoke to an agent yesterday", 0, set()),
        ("Bilgi almak için bizi arayın", 0, set()),
        ("we refunded you last week", 0, set()),
    ],
)
def test_reads_what_a_person_would(text: str, anger: int, intents: set[str]) -> None:
    reading = read(FAST, text)
    assert (reading.anger, {intent.name for intent in reading.intents}) == (anger, intents)


def test_loudness_is_anger_in_a_negative_text_only() -> None:
    text = "SABAHTAN BERİ BEKLİYORUM!!!"
    assert [read(one, text).anger for one in (ANGRY, CALM, GLAD)] == [2, 0, 0]


def test_swearing_in_delight_is_no_anger_but_who_says_to_be_angry_is() -> None:
    assert read(GLAD, "this is fucking good").anger == 0
    assert read(GLAD, "çok kızgınım size").anger == 2


def test_praise_in_a_negative_text_is_irony() -> None:
    text = "Tebrikler, internetim yine yok"
    assert [read(one, text).intents != () for one in (ANGRY, CALM)] == [False, True]


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("Siparişim nerede?", 0),
        ("Acil durumda aranacak kişi eklenebilir mi?", 0),
        ("En kısa sürede dönüş bekliyorum", 1),
        ("Mağdurum", 1),
        ("Ne yapacağımı bilmiyorum", 1),
        ("nobody answers the phone", 1),
        ("Acil dönüş yapın", 2),
        ("Hemen arayın beni", 2),
        ("My flight leaves in two hours", 2),
        ("Hattımı kapatacağım", 2),
        ("Acil, mağdur oldum", 3),
        ("Kartım çalındı", 3),
        ("Bilgim dışında hesabımdan para çekildi", 3),
        ("my card was stolen", 3),
        ("there is a payment I don't recognise", 3),
        ("I don't recognise this payment", 3),
        ("do you offer protection from fraud?", 0),
    ],
)
def test_knows_what_cannot_wait(text: str, urgency: int) -> None:
    assert read(CALM, text).urgency == urgency


def test_help_that_came_at_once_is_not_urgent_but_a_theft_is() -> None:
    assert read(GLAD, "They answered immediately").urgency == 0
    assert read(GLAD, "My phone was stolen and they helped immediately").urgency == 3
