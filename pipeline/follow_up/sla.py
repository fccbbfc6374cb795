"""By when what must be done about an alert: `desk/sla.yaml`, parsed once into a frozen object."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.common.durations import Duration, duration
from pipeline.common.yaml_files import read_form
from pipeline.model.alert import Severity


class SlaError(Exception):
    """The file is wrong; the message names the file and the field."""


class _BySeverity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    critical: Duration
    high: Duration
    medium: Duration
    low: Duration

    def parsed(self) -> Mapping[Severity, timedelta]:
        return {
            "critical": duration(self.critical),
            "high": duration(self.high),
            "medium": duration(self.medium),
            "low": duration(self.low),
        }


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    acknowledge: _BySeverity
    contact: _BySeverity
    snooze_at_most: Duration
    expire: Duration
    forget: Duration


class Sla(NamedTuple):
    """How long each step may take, by severity; how long an alert may be put off, and lives."""

    acknowledge: Mapping[Severity, timedelta]
    contact: Mapping[Severity, timedelta]
    snooze_at_most: timedelta
    expire: timedelta
    forget: timedelta


def load_sla(path: Path) -> Sla:
    """Return what is in a sla.yaml. Raises SlaError."""
    form = read_form(path, _Form, SlaError)
    acknowledge, contact = form.acknowledge.parsed(), form.contact.parsed()
    for severity, length in contact.items():
        if length < acknowledge[severity]:
            raise SlaError(
                f"{path}: contact.{severity}: shorter than acknowledge.{severity}, but who "
                "contacts a customer has taken the alert on"
            )
    return Sla(
        acknowledge,
        contact,
        duration(form.snooze_at_most),
        duration(form.expire),
        duration(form.forget),
    )
