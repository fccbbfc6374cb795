"""Heads: what they say of a text depends on nothing beside it, and is what training saw."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.reading import Intent
from pipeline.text.clauses import clauses_of
from pipeline.text.heads import Head, Heads, HeadsCard, Said, Scores
from pipeline.text.hits import find_hits, names_of_hits
from pipeline.text.normalise import fold
from pipeline.text.phrases import Matches, words_of
from pipeline.text.shown import intents_of, levels_of, mentions_of, traits_of
from training.heads_examples import HEAD_BITS, examples_of
from training.texts.corpus import Written

TEXTS = [
    "Merhaba, kargom gelmedi ama kurye çok kibardı.",
    "iptal etmek istiyorum, iptal etmek istiyorum!",
    "😡",
    "",
    "Ürün iyi\nfiyat pahalı; iade ettim " * 40,
    "I want a refund, your agent was rude",
]
RNG = np.random.default_rng(1)
HITS = names_of_hits()
CARD = HeadsCard(
    "1-test",
    1,
    {},
    tuple(HITS),
    of_clauses=tuple(
        Head(name, 0.01, -0.5, 0.0, 0.0) for name in ("churn", "complaint", "delivery")
    ),
    of_texts=tuple(Head(name, 0.02, 0.25, 0.0, 0.0) for name in ("anger:1", "anger:2", "irony")),
)
WEIGHTS = RNG.integers(-9, 9, (1 << HEAD_BITS, 6), dtype=np.int8)
WEIGHTS[0] = 0
HIT_WEIGHTS = RNG.normal(size=(len(HITS), 6)).astype(np.float32)
NONE: frozenset[str] = frozenset()
HEADS = Heads(WEIGHTS, HIT_WEIGHTS, CARD)


def scores(texts: list[str]) -> tuple[Scores, Scores]:
    folded = fold(texts)
    words = words_of(folded)
    none = words.of(np.zeros(len(words.places), np.bool_))
    hits = find_hits(Matches(words), Matches(none))
    return HEADS.scores(folded, clauses_of(folded, words), hits)


def say(texts: list[str]) -> Said:
    folded = fold(texts)
    words = words_of(folded)
    return HEADS.say(folded, clauses_of(folded, words), [])


def written(text: str) -> Written:
    return Written(
        text, "tr", "telco", "plain", 0, "neutral", 0, 0, (), False, "plain", "customer", False, ()
    )


@given(st.lists(st.sampled_from(TEXTS) | st.text(max_size=40), max_size=6))
def test_a_text_is_heard_alike_alone_and_beside_others(texts: list[str]) -> None:
    of_clauses, of_texts = scores(texts)
    alone = [scores([text]) for text in texts]
    for together, apart in zip((of_clauses, of_texts), zip(*alone, strict=True), strict=False):
        np.testing.assert_allclose(together, np.concatenate(apart), atol=1e-9)


def test_what_is_said_is_what_training_saw() -> None:
    examples = examples_of([written(text) for text in TEXTS])
    scales = np.array([head.scale for head in (*CARD.of_clauses, *CARD.of_texts)])
    biases = np.array([head.bias for head in (*CARD.of_clauses, *CARD.of_texts)])
    weights = np.concatenate((WEIGHTS * scales, HIT_WEIGHTS))
    of_clauses, of_texts = scores(TEXTS)
    np.testing.assert_allclose(
        of_clauses, (examples.of_clauses @ weights + biases)[:, :3], atol=1e-4
    )
    np.testing.assert_allclose(of_texts, (examples.of_texts @ weights + biases)[:, 3:], atol=1e-4)


def test_a_text_without_words_says_nothing_and_no_texts_say_nothing() -> None:
    assert say(["", "😡", " \n"]).of_texts == [frozenset()] * 3
    assert say([]) == Said([], [], frozenset({"churn", "complaint", "delivery"}), [])


def test_a_head_may_deny_an_intent_and_decides_on_a_topic_that_it_knows() -> None:
    text = "vazgectim, davadan da"
    found = [(Intent("churn", 0, 9), Intent("thanks", 0, 9), Intent("self_harm", 3, 9))]
    heads = frozenset({"churn", "complaint", "delivery", "thanks"})
    said = Said(
        [(1, "complaint", True), (1, "cancel", False), (1, "delivery", True)],
        [NONE],
        heads,
        [frozenset({"churn"})],
    )
    spans = [(0, 0, 9), (0, 11, len(text))]
    (shown,) = intents_of(found, spans, said, ())
    assert shown.hints == (Intent("cancel", 11, len(text)),)
    assert [(one.name, one.start) for one in shown.intents] == [
        ("self_harm", 3),
        ("thanks", 0),
        ("complaint", 11),
    ]
    mentioned = mentions_of([(0, "card"), (0, "delivery")], spans, said)
    assert mentioned == [(spans[0], "card"), (spans[1], "delivery")]


def test_acts_are_of_the_company_and_intents_of_customers() -> None:
    said = Said([(0, "complaint", True), (0, "apology", True)], [NONE], NONE, [NONE])
    for by_company, name in (([True], "apology"), ([False], "complaint")):
        (shown,) = intents_of([()], [(0, 0, 5)], said, by_company)
        assert [one.name for one in shown.intents] == [name]


def test_the_highest_level_counts_and_traits_have_an_order() -> None:
    said = Said([], [frozenset({"anger:1", "anger:2", "rude", "irony"}), NONE], NONE, [NONE, NONE])
    assert levels_of("anger", said).tolist() == [2, 0]
    assert traits_of(said) == [("irony", "rude"), ()]
