"""Loads the SLAs of `desk/sla.yaml`: the deadlines of each step of a follow-up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendars
from pipeline.calendar.calendar_file import load_calendars
from pipeline.common.durations import Duration, duration
from pipeline.common.yaml_files import read_form
from pipeline.model.alert import Severity

Urgency = Severity | Literal["in_danger"]
"""What the durations of an alert go by: its severity, or that the customer may be in danger."""


class SlaError(Exception):
    """The file is wrong; the message names the file and the field."""


class _Lengths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    critical: Duration
    high: Duration
    medium: Duration
    low: Duration
    in_danger: Duration | None = None  # as long as `critical` in files from before it

    def parsed(self) -> Mapping[Urgency, timedelta]:
        return {
            "critical": duration(self.critical),
            "high": duration(self.high),
            "medium": duration(self.medium),
            "low": duration(self.low),
            "in_danger": duration(self.in_danger or self.critical),
        }


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    acknowledge: _Lengths
    contact: _Lengths
    snooze_at_most: Duration
    expire: Duration
    forget: Duration
    business_time: frozenset[Severity] = frozenset()
    team: str | None = None
    contact_pause: Duration = "24h"


class Sla(NamedTuple):
    """Maximum durations of each step by urgency, of a snooze, and of an alert's life.

    For severities in `business_time` they count by the calendar of the alert's brand. For
    `contact_pause` after a contact of a customer no other cause requires a further one.
    """

    acknowledge: Mapping[Urgency, timedelta]
    contact: Mapping[Urgency, timedelta]
    snooze_at_most: timedelta
    expire: timedelta
    forget: timedelta
    business_time: frozenset[Severity]
    calendars: Calendars
    contact_pause: timedelta

    def due(
        self,
        within: Mapping[Urgency, timedelta],
        urgency: Urgency,
        since: datetime,
        brand: str | None,
    ) -> datetime:
        """Return the deadline of a step; `within` holds its maximum duration by urgency."""
        if urgency in self.business_time:
            return self.calendars.of_brand(brand).add(since, within[urgency])
        return since + within[urgency]


def load_sla(path: Path, calendar: Path) -> Sla:
    """Load a sla.yaml, and the calendar if durations count in business time.

    Raises SlaError and CalendarError.
    """
    form = read_form(path, _Form, SlaError)
    acknowledge, contact = form.acknowledge.parsed(), form.contact.parsed()
    for urgency, length in contact.items():
        if length < acknowledge[urgency]:
            raise SlaError(
                f"{path}: contact.{urgency}: shorter than acknowledge.{urgency}, but "
                "contacting the customer also acknowledges the alert"
            )
    return Sla(
        acknowledge,
        contact,
        duration(form.snooze_at_most),
        duration(form.expire),
        duration(form.forget),
        form.business_time,
        _calendars(path, form, calendar) if form.business_time else AROUND_THE_CLOCK,
        duration(form.contact_pause),
    )


def _calendars(path: Path, form: _Form, calendar: Path) -> Calendars:
    """Return the calendars of the brands, or the one of the team for all brands."""
    for severity in sorted(form.business_time):
        for step, lengths in (("acknowledge", form.acknowledge), ("contact", form.contact)):
            if (length := getattr(lengths, severity)).endswith("d"):
                raise SlaError(
                    f"{path}: {step}.{severity}: `{length}` counts in business time, where a day "
                    "is ambiguous (24 hours or a working day): write it in hours"
                )
    calendars = load_calendars(calendar)
    if form.team is None:
        return calendars
    if form.team not in calendars.teams:
        raise SlaError(f"{path}: team: {calendar} has no team `{form.team}`")
    return Calendars(calendars.teams[form.team])
