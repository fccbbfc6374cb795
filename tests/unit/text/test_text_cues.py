"""Turns of phrase: what is heard, what is not, and what it does to a reading."""

import time
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.common.titles import Titles
from pipeline.model.reading import LABELS
from pipeline.text.cues import LEXICON, REACH, VERSION, find_cues, leanings, version_of
from pipeline.text.explain import explain
from pipeline.text.normalise import fold
from pipeline.text.open import load_engine
from tests.unit.text.engines import Constant

FAST = load_engine("fast")


def heard(text: str) -> set[str]:
    return {cue.name for cue in find_cues(fold([text]))}


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("company_greets", "Değerli müşterimiz, hizmetimiz 18.00'e dek verilemeyecektir"),
        ("company_greets", "Thank you for reaching out to us"),
        ("company_yours", "Talebiniz ilgili ekibe ulaştı"),
        ("company_yours", "Your refund has been approved"),
        ("company_acts", "Yaşanan gecikme için özür dileriz"),
        ("company_acts", "We're so sorry, our support team is looking into it"),
        ("asks", "Garanti süresi ne kadar?"),
        ("asks", "mağazadan iade edebilir miyim?"),
        ("asks", "How long does shipping take?"),
        ("closes", "tamam, teşekkürler"),
        ("closes", "Got it, thanks"),
        ("asks_in_anger", "daha kaç kere arayacağım"),
        ("asks_in_anger", "Why does nobody answer the phone?"),
        ("asks_in_delight", "bu kadar güzel nasıl yapıyorsunuz"),
        ("denies_fault", "hiçbir sorun yaşamadım"),
        ("denies_fault", "pişman değilim"),
        ("denies_fault", "BİR KEZ BİLE ÜZMEDİLER"),
        ("denies_fault", "never had a problem"),
        ("denies_fault", "couldn't be happier"),
        ("denies_praise", "not happy at all"),
        ("draw", "ne iyi ne kötü"),
        ("worth_it", "worth every penny"),
        ("irony", "tebrikler, yine gecikme"),
        ("irony", "Great, another delay"),
        ("mockery", "sözde hızlı teslimat"),
        ("failure", "ürün kırık geldi"),
        ("mock_complaint", "My only complaint is that it ended"),
        ("persists", "üç haftadır bekliyorum"),
    ],
)
def test_a_turn_of_phrase_is_heard_however_it_is_typed(cue: str, text: str) -> None:
    assert cue in heard(text)
    assert cue in heard(text.upper().replace("'", "’"))


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("company_greets", "değerli müşterimiz diyip duruyorlar"),
        ("denies_fault", "sorun çözülmedi"),
        ("denies_fault", "no problem was solved"),
        ("irony", "çok güzel bir ürün, teşekkürler"),
        ("irony", "great service ama kargo bozuk geldi"),
        ("draw", "hiç fena değil"),
        ("persists", "üç aydır kullanıyorum"),
        ("asks", "kargo geldi"),
        ("irony", "Harika, kesintisiz internet"),
        ("irony", "Teşekkürler, hiç bekletmediler"),
        ("irony", "Süper, 10 dakikada kurdum"),
        ("irony", "Great app, never crashes"),
        ("denies_fault", "Sorunumla ilgilenen olmadı"),
        ("denies_fault", "Ütü ısınmıyor"),
        ("company_yours", "Your refund is a joke"),
        ("company_acts", "It has been ten business days and still no money"),
        ("draw", "Daha açmadan kutusu ezilmişti"),
        ("worth_it", "I would return it but shipping costs more"),
    ],
)
def test_what_only_looks_like_one_is_not(cue: str, text: str) -> None:
    assert cue not in heard(text)


@pytest.mark.parametrize(
    "text",
    [
        "Talebiniz alındı diyorlar ama çözüm yok",
        "Şikayetiniz alındı diye mesaj geldi, param hâlâ yok",
        "Özür dileriz demekle olmuyor",
        "Dear customer service team, your courier lost my package",
        "They say they are looking into it, our support team, for weeks",
    ],
)
def test_a_customer_who_quotes_the_company_is_not_the_company(text: str) -> None:
    assert not {name for name in heard(text) if name.startswith("company")}


@pytest.mark.parametrize(
    "text",
    [
        "Faturam neden iki katına çıktı, açıklar mısınız?",
        "Can you explain why I was charged twice?",
        "Param hâlâ yatmadı, ne zaman yatar?",
    ],
)
def test_a_reproach_is_no_question(text: str) -> None:
    assert "asks" not in heard(text)


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("company_acts", "We'll look into this"),
        ("company_acts", "We've passed this to the team"),
        ("company_yours", "You'll receive an email"),
        ("persists", "I'm afraid the heating is off again"),
    ],
)
def test_contractions_are_heard(cue: str, text: str) -> None:
    assert cue in heard(text)


@pytest.mark.parametrize(
    "pieces", ["harika, ", "harika,.", "great, ", "tesekkurler ", "mi? ", "talebiniz ", "5 ", ",.!"]
)
def test_no_text_takes_long(pieces: str) -> None:
    text = "harika" + pieces * (20_000 // len(pieces))
    begin = time.process_time()
    heard(text)
    assert time.process_time() - begin < 1  # some 50 ms; what backtracks takes minutes


@pytest.mark.parametrize("engine", ["fast", "strong"])
@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Değerli müşterimiz, yaşadığınız gecikme için özür dileriz.", "neutral"),
        ("We're sorry for the delay, our support team will get back to you.", "neutral"),
        ("Beş yılda bir kez bile üzmediler.", "positive"),
        ("tebrikler, üç gündür internet yok", "negative"),
    ],
)
def test_an_engine_heeds_them(engine: str, text: str, label: str) -> None:
    (row,) = load_engine(engine).probabilities([text])
    assert LABELS[int(row.argmax())] == label


def test_a_version_names_the_cues_beside_the_weights() -> None:
    weights, cues, heads = FAST.version.split(".")
    assert weights.startswith("1-")
    assert heads.startswith("1-")
    assert cues == VERSION == version_of(LEXICON, REACH)


def test_another_reach_or_weight_is_another_version_another_title_is_none() -> None:
    irony = LEXICON.cues["irony"]

    def with_irony(**changes: Any) -> str:
        cues = {**LEXICON.cues, "irony": msgspec.structs.replace(irony, **changes)}
        return version_of(msgspec.structs.replace(LEXICON, cues=cues), REACH)

    assert version_of(LEXICON, REACH + 1) != VERSION
    assert with_irony(log_odds=irony.log_odds + 1) != VERSION
    assert with_irony(unless=[]) != VERSION
    assert with_irony(title=Titles("Başka", "Other")) == VERSION


def test_in_a_long_text_one_cue_says_little() -> None:
    short, long = "sorun yaşamadım", "sorun yaşamadım" + " kutu masa kapı" * 100
    of_short, of_long = leanings(fold([short, long]))[:, LABELS.index("positive")]
    assert of_short == LEXICON.cues["denies_fault"].log_odds
    assert of_long == pytest.approx(of_short * REACH / (len(long) + 3))


def test_cues_of_one_label_are_not_added_up() -> None:
    text = "Değerli müşterimiz, talebiniz alındı, gecikme için özür dileriz"
    assert heard(text) >= {"company_greets", "company_yours", "company_acts"}
    most = max(cue.log_odds for name, cue in LEXICON.cues.items() if name.startswith("company"))
    np.testing.assert_array_equal(leanings(fold([text])), [[0, most, 0]])


SAID = ["sorun yok", "talebiniz", "tebrikler,", "yine gecikti", "diyorlar", "mi?", "harika", "ama"]


@given(
    st.lists(
        st.text(max_size=200) | st.lists(st.sampled_from(SAID), max_size=9).map(" ".join),
        max_size=5,
    )
)
@example([])
@example(["harika " * 3_000, "\ud83d", "", "mi? " * 500])
def test_any_texts_have_leanings_that_none_changes_for_another(texts: list[str]) -> None:
    together = leanings(fold(texts))
    assert together.shape == (len(texts), 3)
    assert (together >= 0).all()
    for text, row in zip(texts, together, strict=True):
        np.testing.assert_allclose(row, leanings(fold([text]))[0])


def test_an_explanation_quotes_them_where_the_engine_hears_them() -> None:
    text = "Ürün GÜZEL, hiçbir sorun yaşamadım"
    (cue,) = explain(text, FAST).cues
    assert (cue.name, cue.label) == ("denies_fault", "positive")
    assert text[cue.start : cue.end] == "sorun yaşamadım"
    assert explain(text, Constant(0.1, 0.1, 0.8)).cues == ()
