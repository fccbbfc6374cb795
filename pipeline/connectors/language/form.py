"""The keys of a mapping file, `connectors/SYSTEM/mapping.yaml`; see docs/connectors/mappings.md."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from pipeline.common.durations import Duration
from pipeline.common.names import Name
from pipeline.common.titles import Titles
from pipeline.connectors.language.verify_form import Verify

Text: TypeAlias = str | int | float | bool
Value: TypeAlias = Text | tuple[Text, ...] | None
"""A text with expressions in braces; of several, the first with a value counts."""
Transport = Literal["webhook", "poll", "file", "kafka", "stream"]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file; unknown keys are refused."""


class Setting(Form, frozen=True):
    """A setting of the system's connections. A `secret` is read from a file (`NAME_file`).

    Where it has `members`, names with lists of ids, it may be the path of a table that has a name
    and a member in each row. `default` is what holds where it is not set.
    """

    meaning: Titles
    required: bool = False
    secret: bool = False
    members: bool = False
    default: Any = None
    example: Any = None


QUESTIONS = Setting(
    Titles(tr="Anketin soruları ne ölçer", en="What a survey's questions measure"),
    required=True,
    example="{q1: {metric: nps}, q2: {comment_of: q1}}",
)
"""The implicit setting of every mapping with answers to questions."""


class SourceForm(Form, frozen=True):
    """The source of a value, if it is more than a path.

    `path` is a path, or several of which the first with a value counts. If none has one, `fetch` is
    the address at which the API of the source is asked, with GET; without an address, the `missing`
    value is refused. The host of an address must be written there, or be named by a setting of
    the connection. In `headers`, `{{access_token}}` stands for the token that the settings
    `access_token`, or `token_url`, `client_id`, `client_secret` and `refresh_token`, lead to; if
    no header has it, it is sent as `Authorization: Bearer`. `absent` says what a missing resource
    (204, 404, 410) means: `retry`, as it may come yet, or the reason for which the thing is
    ignored.
    """

    path: str | tuple[str, ...] = ""
    missing: str = ""
    fetch: Value = None
    headers: dict[str, Value] = {}
    absent: str = "retry"


Source: TypeAlias = str | tuple[str, ...] | SourceForm


class Ignored(Form, frozen=True):
    """A delivery or thing that is no event: acknowledged, and counted by its reason."""

    reason: Name
    when: str | None = None


class ScoreForm(Form, frozen=True):
    """A score; the scale may be left out if the metric has one."""

    metric: Value
    value: Value
    min: Value = None
    max: Value = None


class Answers(Form, frozen=True):
    """Answers to questions whose meaning the connection knows: an event for each metric.

    If a question has several names, the first that the connection knows is taken.
    """

    each: dict[Name, Source]
    question: Value
    value: Value


class EventForm(Form, frozen=True):
    """An event. `id` is that of the thing within the system: the same for the same thing.

    `each` splits the thing further: an event for each part. `when` is decided before. `envelope`,
    alone, is where the event is as docs/events.md has it.
    """

    id: Value = None
    when: str | None = None
    envelope: Value = None
    each: dict[Name, Source] = {}
    type: Value = None
    occurred_at: Value = None
    customer_id: Value = None
    channel: Value = None
    revision: Value = None
    revoked: bool = False
    text: Value = None
    title: Value = None
    language: Value = None
    score: ScoreForm | None = None
    answers: Answers | None = None
    touchpoint: Value = None
    ticket_id: Value = None
    order_id: Value = None
    product: Value = None
    segment: Value = None
    account_id: Value = None
    brand: Value = None
    author_type: Value = None
    attributes: dict[str, Value] = {}


class Remember(Form, frozen=True):
    """A memory of a thing: a value under a key, for deliveries that lack it."""

    kind: Name
    key: Value
    value: Value
    when: str | None = None


class Erase(Form, frozen=True):
    """A request of the source to erase a person."""

    customer_id: Value
    when: str | None = None


class Thing(Form, frozen=True):
    """The parts of a delivery, and the events of each part.

    `each` names values in turn: one path after the other, where `[]` stands for every item. Of
    several conditions in `when` all must hold; one that reads none of these names is decided first,
    before anything is fetched. `common` has fields that all events share. `kind` names things
    without an event.
    """

    each: dict[Name, Source] = {}
    when: str | tuple[str, ...] | None = None
    kind: Value = None
    ignore: tuple[Ignored, ...] = ()
    common: EventForm = EventForm()
    events: tuple[EventForm, ...] = ()
    remember: tuple[Remember, ...] = ()
    erase: tuple[Erase, ...] = ()


class Handshake(Form, frozen=True):
    """A request that expects an answer before the system sends anything; it is no delivery.

    `token` must equal the setting of the connection that `secret` names.
    """

    method: Literal["GET", "HEAD", "POST"]
    when: str | None = None
    token: str | None = None
    secret: str | None = None
    answer: str = ""
    content_type: str = "text/plain; charset=utf-8"


class _Access(Form, frozen=True, tag_field="scheme"):
    """The credentials for the API of the source, sent as `Authorization`."""


class BasicAccess(_Access, frozen=True, tag="basic"):
    """A user name and a password."""

    username: Value
    password: Value


class JwtAccess(_Access, frozen=True, tag="jwt"):
    """A token signed with a private key (RFC 7519), valid for so many `seconds`.

    `iat` and `exp` are added to its `claims`. With a `token_url` it is exchanged there for an
    access token (RFC 7523), without one it is sent itself.
    """

    algorithm: Literal["RS256", "ES256"]
    key: Value
    claims: dict[str, Value]
    headers: dict[str, Value] = {}
    token_url: Value = None
    seconds: Annotated[int, Meta(ge=60, le=3_600)] = 900


AccessForm: TypeAlias = BasicAccess | JwtAccess


class PollForm(Form, frozen=True):
    """The requests to a source that does not send, page by page, and their interval.

    `url`, `query` and `headers` may read `since`, `until`, `page` and `part` beside the connection;
    `each` gives the parts of a connection, which are polled on their own: a shop's branches.
    If a setting that `url`, `each` or `access` reads is not set, nothing is requested. A question
    covers what came after the last one, less `overlap`, since entries come late; the first one
    looks back by `first`, and none spans more than `longest`. `next` is the next page: an address,
    or a value that is `page` in the next request; None ends the question, as a page without `items`
    does. `time` is when one of them (`item`) came or changed: with `newest_first` a question ends
    at the first page that has an older one than is asked for.
    """

    url: str
    items: str
    each: str | None = None
    query: dict[str, Value] = {}
    headers: dict[str, Value] = {}
    time: Value = None
    next: Value = None
    page: Value = None
    every: Duration = "5m"
    first: Duration = "7d"
    overlap: Duration = "1h"
    longest: Duration | None = None
    newest_first: bool = False
    calls_per_minute: Annotated[int, Meta(ge=1)] = 60


class MailboxForm(Form, frozen=True):
    """A mailbox read over IMAP without changing it: each mail is a delivery.

    Its values read the connection; without `host` and `username` nothing is read. `security` is
    `tls` or `starttls`; `folders` is a path to their names. Without a `password` a token is shown
    (XOAUTH2), by `access`. The first look goes back by `first`, in whole days.
    """

    host: Value
    username: Value
    folders: str
    password: Value = None
    port: Value = None
    security: Value = None
    every: Duration = "1m"
    first: Duration = "7d"


class MappingForm(Form, frozen=True):
    """A mapping file."""

    system: Name
    title: Titles
    transports: Annotated[tuple[Transport, ...], Meta(min_length=1)]
    things: Annotated[tuple[Thing, ...], Meta(min_length=1)]
    settings: dict[Name, Setting] = {}
    verify: dict[Name, Verify] = {}
    handshakes: tuple[Handshake, ...] = ()
    unsigned: tuple[Ignored, ...] = ()
    access: AccessForm | None = None
    polls: dict[Name, PollForm] = {}
    mailboxes: dict[Name, MailboxForm] = {}
    tables: dict[Name, dict[str, Text | None]] = {}
    memories: dict[Name, str] = {}

    @property
    def all_settings(self) -> dict[str, Setting]:
        """All settings of a connection: the declared ones and, for a survey, its questions."""
        events = (event for thing in self.things for event in (thing.common, *thing.events))
        if any(event.answers for event in events):
            return {"questions": QUESTIONS, **self.settings}
        return self.settings
