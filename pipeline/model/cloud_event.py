"""The CloudEvents envelope of messages for subscribers."""

from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

Data = TypeVar("Data")


class CloudEvent(msgspec.Struct, Generic[Data], frozen=True, gc=False):
    """A CloudEvent 1.0 in structured mode; attributes as in the specification."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Data
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = ""
