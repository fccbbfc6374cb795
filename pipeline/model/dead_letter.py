"""A dead letter: an invalid message with the reason and what to do about it."""

from datetime import datetime

import msgspec

from pipeline.model.open_enum import OpenEnum

KEPT_PAYLOAD = 262_144
"""Most bytes of a message that its dead letter keeps: the limit of a valid message."""


class Reason(OpenEnum):
    """Stable reason codes that dashboards, scripts and `nabiz dead-letters --reason` rely on."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_TYPE = "unknown_type"
    TIME_WITHOUT_OFFSET = "time_without_offset"
    TIME_IN_FUTURE = "time_in_future"
    TEXT_TOO_LONG = "text_too_long"
    SCORE_OUT_OF_SCALE = "score_out_of_scale"
    UNSUPPORTED_SCALE = "unsupported_scale"
    MISSING_KEY = "missing_key"
    KEY_MISMATCH = "key_mismatch"
    UNKNOWN_CONNECTION = "unknown_connection"
    MAPPING_FAILED = "mapping_failed"
    LOOK_UP_FAILED = "look_up_failed"


class Invalid(Exception):  # noqa: N818 - a verdict on input, not a bug
    """A message is invalid: `reason` for programs, `detail` for the person who corrects it.

    `line` is the line of the mapping that refused a delivery, 0 if unknown.
    """

    line = 0

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class DeadLetter(msgspec.Struct, frozen=True):
    """An invalid message. `payload` is masked; `key` is the key as received, for a retry (base64).

    `source` identifies the topic of the offset: a recreated topic of the same name has another one.
    """

    topic: str
    partition: int
    offset: int
    reason: Reason
    sentence: str
    payload: bytes
    key: bytes | None
    received_at: datetime
    retried_at: datetime | None = None
    source: str = ""

    @property
    def place(self) -> str:
        """Topic, partition and offset of the message, for users."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def id(self) -> str:
        """The id: always the same for the same message, and unique to it."""
        return "@".join(filter(None, (self.place, self.source)))
