"""The event types, one row each.

Schemas, documentation, displayed names, lists in SQL, groups of types in rules, and what counts as
a contact or as waiting are derived from the rows.
"""

from collections.abc import Mapping
from enum import Flag, auto
from typing import Final

from pipeline.model.open_enum import OpenEnum


class Trait(Flag):
    """A property of all events of a type; rules and SQL name it in lower case."""

    FEEDBACK = auto()
    """An opinion: published to `cx.feedback`, all other events to `cx.interactions`."""
    WORDS = auto()
    """May hold a text by the customer."""
    CONTACT = auto()
    """The customer turns to the company, in private or in public."""
    ASSISTED = auto()
    """A contact that asks for an employee: self-service before it has failed."""
    LINE = auto()
    """A line of a conversation, by any author: the conversation continues."""
    OPENS = auto()
    """A ticket begins, and the customer waits for its first response."""
    REOPENS = auto()
    """A closed ticket is reopened, and the customer waits again."""
    REPLIES = auto()
    """A reply within a ticket; one by an agent ends the wait."""
    CLOSES = auto()
    """Work on the ticket has ended: the customer waits for no response."""
    RESOLVES = auto()
    """The issue of the ticket is solved."""
    SELF_SERVICE = auto()
    """A step of a session in which customers help themselves."""
    SOLVES = auto()
    """The customer found the solution without help."""
    SETBACK = auto()
    """A bad experience of the customer."""
    BOOKKEEPING = auto()
    """A record of a system: no activity or experience of the customer."""
    OWN = auto()
    """The customer's own doing, whoever records it: a sign of life."""
    LEAVES = auto()
    """The customer leaves, or ends one of several subscriptions."""
    STAYS = auto()
    """The customer begins to be one, or remains one."""

    WAITS = OPENS | REOPENS
    """Starts the clock of the first response."""
    TICKET = OPENS | REOPENS | REPLIES | CLOSES
    """A step of a ticket."""


NEUTRAL: Final = Trait(0)


class _Row:
    """The columns of a row; the defaults are those of a type that a newer version added."""

    names: Mapping[str, str] = {}
    """Displayed names by language (`tr`, `en`)."""
    meaning = ""
    traits = NEUTRAL

    @property
    def topic(self) -> str:
        """The topic that events of the type are published to."""
        return "cx.feedback" if Trait.FEEDBACK in self.traits else "cx.interactions"


_ASKS: Final = Trait.CONTACT | Trait.ASSISTED | Trait.WORDS
_SAYS: Final = Trait.FEEDBACK | Trait.WORDS


# fmt: off
# A row: the name in messages, in Turkish and in English; the meaning; the traits.
class EventType(_Row, OpenEnum):
    """The type of an event."""

    MESSAGE = ("message", "Mesaj", "Message",
        "a line of a chat, an e-mail or a text message", _ASKS | Trait.LINE)
    CALL = ("call", "Arama", "Call",
        "a call, with its transcript as the text if there is one", _ASKS)
    VISIT = ("visit", "Ziyaret", "Visit",
        "visited a shop, the website or the app; by an agent: came to the customer", Trait.OWN)
    USAGE = ("usage", "Kullanım", "Usage",
        "used the product", Trait.OWN)

    TICKET_OPENED = ("ticket.opened", "Kayıt açıldı", "Ticket opened",
        "a ticket begins", _ASKS | Trait.OPENS)
    TICKET_REPLIED = ("ticket.replied", "Kayda yanıt", "Ticket replied",
        "a reply within a ticket; `author_type` says by whom",
        Trait.REPLIES | Trait.LINE | Trait.WORDS)
    TICKET_RESOLVED = ("ticket.resolved", "Kayıt çözüldü", "Ticket resolved",
        "its issue is solved", Trait.CLOSES | Trait.RESOLVES)
    TICKET_REOPENED = ("ticket.reopened", "Kayıt yeniden açıldı", "Ticket reopened",
        "its issue was not solved after all", _ASKS | Trait.REOPENS | Trait.SETBACK)
    TICKET_MERGED = ("ticket.merged", "Kayıt birleştirildi", "Ticket merged",
        "closed as merged into the ticket `attributes.merged_into`; not a resolution",
        Trait.CLOSES | Trait.BOOKKEEPING)

    SELF_SERVICE_VIEWED = ("self_service.viewed", "Yardım sayfası", "Help page",
        "read a help page", Trait.SELF_SERVICE | Trait.OWN)
    SELF_SERVICE_SEARCHED = ("self_service.searched", "Yardımda arama", "Help search",
        "searched the help", Trait.SELF_SERVICE | Trait.OWN)
    SELF_SERVICE_RESOLVED = ("self_service.resolved", "Kendisi çözdü", "Solved it alone",
        "solved the issue without help", Trait.SELF_SERVICE | Trait.SOLVES | Trait.OWN)
    SELF_SERVICE_ABANDONED = ("self_service.abandoned", "Yardımdan vazgeçti", "Gave up on help",
        "gave up on the help", Trait.SELF_SERVICE | Trait.SETBACK | Trait.OWN)
    KB_VOTED = ("kb.voted", "Yardım sayfasını oyladı", "Help page rated",
        "said whether an article helped: `attributes.helpful`, true or false", Trait.OWN)

    ORDER_PLACED = ("order.placed", "Sipariş verdi", "Order placed",
        "ordered", Trait.OWN)
    ORDER_PROMISED = ("order.promised", "Teslim sözü", "Delivery promised",
        "`attributes.promised_at` says by when it will arrive", NEUTRAL)
    ORDER_DELAYED = ("order.delayed", "Teslimat gecikecek", "Order delayed",
        "will arrive later than promised: at `attributes.promised_at`, if that is known",
        Trait.SETBACK)
    ORDER_SHIPPED = ("order.shipped", "Kargoya verildi", "Order shipped",
        "is on its way", NEUTRAL)
    ORDER_DELIVERED = ("order.delivered", "Teslim edildi", "Order delivered",
        "has arrived", NEUTRAL)
    ORDER_RETURNED = ("order.returned", "İade", "Order returned",
        "was sent back", Trait.SETBACK | Trait.OWN)
    ORDER_CANCELLED = ("order.cancelled", "Sipariş iptal edildi", "Order cancelled",
        "will not be delivered; `author_type` says who cancelled it", Trait.SETBACK)
    PAYMENT_FAILED = ("payment.failed", "Ödeme başarısız", "Payment failed",
        "a payment did not go through", Trait.SETBACK)
    PAYMENT_REFUNDED = ("payment.refunded", "Para iadesi", "Payment refunded",
        "money went back to the customer", NEUTRAL)

    SUBSCRIPTION_STARTED = ("subscription.started", "Abonelik başladı", "Subscription started",
        "subscribed", Trait.STAYS)
    SUBSCRIPTION_RENEWED = ("subscription.renewed", "Abonelik yenilendi", "Subscription renewed",
        "was extended by another term", Trait.STAYS)
    SUBSCRIPTION_CANCELLED = ("subscription.cancelled", "Abonelik iptal edildi",
        "Subscription cancelled", "ends; `author_type` says who cancelled it", Trait.LEAVES)
    ACCOUNT_CLOSED = ("account.closed", "Hesap kapatıldı", "Account closed",
        "is no longer a customer; `author_type` says who closed the account", Trait.LEAVES)
    CUSTOMER_UPDATED = ("customer.updated", "Müşteri bilgisi değişti", "Customer details changed",
        "a record about the customer changed", Trait.BOOKKEEPING)

    OUTAGE_STARTED = ("outage.started", "Kesinti başladı", "Outage started",
        "the customer's service is down", Trait.SETBACK)
    OUTAGE_ENDED = ("outage.ended", "Kesinti bitti", "Outage ended",
        "it works again", NEUTRAL)

    OFFER_SHOWN = ("offer.shown", "Teklif gösterildi", "Offer shown",
        "saw an offer", NEUTRAL)
    OFFER_ACCEPTED = ("offer.accepted", "Teklifi kabul etti", "Offer accepted",
        "accepted an offer", Trait.OWN)
    OFFER_DISMISSED = ("offer.dismissed", "Teklifi istemedi", "Offer dismissed",
        "declined an offer", NEUTRAL)

    SURVEY_SENT = ("survey.sent", "Anket gönderildi", "Survey sent",
        "was sent a survey; the answer is a separate `survey`", Trait.BOOKKEEPING)
    SURVEY = ("survey", "Anket", "Survey",
        "an answer, with a `score`, a text or both", _SAYS)
    REVIEW = ("review", "Değerlendirme", "Review",
        "rated a product or the company in public", _SAYS)
    COMPLAINT = ("complaint", "Şikâyet", "Complaint",
        "complained formally or on a portal; with a `ticket_id` it opens the ticket",
        _ASKS | Trait.FEEDBACK | Trait.OPENS)
    POST = ("post", "Gönderi", "Post",
        "wrote about the company in public", _SAYS | Trait.CONTACT)

    def __new__(cls, name: str, tr: str, en: str, meaning: str, traits: Trait) -> "EventType":
        """Create the type of a row."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.names = {"tr": tr, "en": en}
        member.meaning, member.traits = meaning, traits
        return member
# fmt: on


def types_with(trait: Trait) -> frozenset[EventType]:
    """Return the types with the trait, or with any of several traits."""
    return frozenset(type_ for type_ in EventType if type_.traits & trait)


GROUPS: Final[Mapping[str, frozenset[EventType]]] = {
    name.lower(): types_with(trait) for name, trait in Trait.__members__.items()
}
"""Types by trait, under its name in rules and SQL."""


def _phase(type_: EventType) -> tuple[int, str]:
    """Return the sort key of a ticket step among steps of the same time."""
    phases = (Trait.OPENS, Trait.REOPENS, Trait.REPLIES, Trait.CLOSES)
    return next(place for place, phase in enumerate(phases) if phase in type_.traits), type_


TICKET_STEPS: Final = tuple(sorted(types_with(Trait.TICKET), key=_phase))
"""Ticket steps in the order in which steps of the same time are sorted."""
