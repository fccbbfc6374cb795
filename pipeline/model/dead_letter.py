"""A message that could not be understood, kept with the reason and what to do about it."""

from datetime import datetime

import msgspec

from pipeline.model.open_enum import OpenEnum

KEPT_PAYLOAD = 262_144
"""Bytes of a message that its dead letter keeps: as many as a valid message may have."""


class Reason(OpenEnum):
    """Stable codes: dashboards, scripts and `nabiz dead-letters --reason` rely on them."""

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


class Invalid(Exception):  # noqa: N818 - it is a verdict on input, not an error of ours
    """A message that is wrong: `reason` for machines, `sentence` for the person who mends it."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


class DeadLetter(msgspec.Struct, frozen=True):
    """`payload` is masked; `key` is the customer's id as received, for a retry (base64 in JSON).

    `source` says what the offset is about: another topic of the same name has another one.
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
        """Where the message was read, for people."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def id(self) -> str:
        """The same message always has the same id, and no other message has it."""
        return "@".join(filter(None, (self.place, self.source)))
