"""By when what must be done about an alert: `desk/sla.yaml`, parsed once into a frozen object."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendars
from pipeline.calendar.calendar_file import load_calendars
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
    business_time: frozenset[Severity] = frozenset()
    team: str | None = None


class Sla(NamedTuple):
    """How long each step may take, by severity; how long an alert may be put off, and lives.

    The times of the severities in `business_time` count by the calendar of the alert's brand.
    """

    acknowledge: Mapping[Severity, timedelta]
    contact: Mapping[Severity, timedelta]
    snooze_at_most: timedelta
    expire: timedelta
    forget: timedelta
    business_time: frozenset[Severity]
    calendars: Calendars

    def due(
        self,
        within: Mapping[Severity, timedelta],
        severity: Severity,
        since: datetime,
        brand: str | None,
    ) -> datetime:
        """Return by when a step must be done, where `within` has how long it may take."""
        if severity in self.business_time:
            return self.calendars.of_brand(brand).add(since, within[severity])
        return since + within[severity]


def load_sla(path: Path, calendar: Path) -> Sla:
    """Return what is in a sla.yaml; the calendar is read where times count in business time.

    Raises SlaError and CalendarError.
    """
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
        form.business_time,
        _calendars(path, form, calendar) if form.business_time else AROUND_THE_CLOCK,
    )


def _calendars(path: Path, form: _Form, calendar: Path) -> Calendars:
    """Return those of the brands, or that of the team for all."""
    for severity in sorted(form.business_time):
        for step, lengths in (("acknowledge", form.acknowledge), ("contact", form.contact)):
            if (length := getattr(lengths, severity)).endswith("d"):
                raise SlaError(
                    f"{path}: {step}.{severity}: `{length}` counts in business time, where a day "
                    "could be 24 hours or one of work: say it in hours"
                )
    calendars = load_calendars(calendar)
    if form.team is None:
        return calendars
    if form.team not in calendars.teams:
        raise SlaError(f"{path}: team: {calendar} has no team `{form.team}`")
    return Calendars(calendars.teams[form.team])
