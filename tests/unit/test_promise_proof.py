"""The proof of a promise that was missed: the sentence in which it was made."""

import pytest

from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType
from tests.support.customers import Customer, event
from tests.unit.test_score_proof import read


def quotes(text: str, days: float = 7) -> list[str]:
    """Return what is quoted when a turn of an agent is not kept."""
    customer = Customer()
    turn = event("e1", EventType.MESSAGE, 0, author_type=AuthorType.AGENT)
    customer.receive(read(turn, text))
    customer.pass_time(24 * days)
    alerts = customer.alerts().values()
    return [mark.quote for one in alerts for mark in one.evidence]


@pytest.mark.parametrize(
    ("before", "promise"),
    [
        ("", "Your new router will be shipped tomorrow."),
        ("", "We'll happily call you back tomorrow."),
        ("Öncelikle çok özür dileriz, gerçekten kötü bir deneyim olmuş. ", "Yarın arayacağız."),
        ("We are terribly sorry for this awful service! ", "We will call you tomorrow."),
        ("Great news, everything is wonderful! ", "A technician will visit you tomorrow."),
    ],
)
def test_it_is_quoted_whatever_else_the_turn_says(before: str, promise: str) -> None:
    assert quotes(f"Merhaba. {before}{promise} İyi günler.") == [promise]


def test_of_two_promises_the_missed_one_is_quoted() -> None:
    text = "Yarın sizi arayacağız. Ücretiniz 20 iş günü içinde iade edilecektir."
    assert quotes(text, days=2) == ["Yarın sizi arayacağız."]
    text = "Ücretiniz 20 iş günü içinde iade edilecektir. Yarın sizi arayacağız."
    assert quotes(text, days=2) == ["Yarın sizi arayacağız."]
