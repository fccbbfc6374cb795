"""Loads the routes of alerts to channels from `desk/routes.yaml`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from pipeline.calendar.calendar import Calendars
from pipeline.calendar.calendar_file import load_calendars
from pipeline.calendar.hours import Hours
from pipeline.common.durations import Duration, duration
from pipeline.common.languages import Language
from pipeline.common.names import Name
from pipeline.common.time_zones import time_zone_of
from pipeline.common.yaml_files import read_form
from pipeline.model.alert import Alert, Severity, known_severity
from pipeline.text import lexicon

BUSINESS = "business"
"""Name of the business hours of the alert's brand, unless the file defines it."""


class RoutesError(Exception):
    """The file is wrong; the message names the file and the field."""


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"go_on": "continue"}):
    """Conditions on alerts, and channels in order: the first rings, escalations go to the next.

    Omitted conditions match all. `in_danger`: only alerts of customers who may be in danger.
    `during` and `outside` name hours, or a team of the calendar.
    """

    name: Annotated[str, Meta(min_length=1)]
    channels: Annotated[tuple[Name, ...], Meta(min_length=1)]
    causes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    brands: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    in_danger: bool = False
    during: str | None = None
    outside: str | None = None
    go_on: bool = False


class Department(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The alerts of a department: those with these causes or topics."""

    causes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class PolicyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a channel differs: its rate of updates, and whether it has quiet hours."""

    update_every: Duration | None = None
    quiet: bool = True


class RoutesForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of routes.yaml; see docs/notifications.md."""

    routes: tuple[Route, ...]
    language: Language = "tr"
    time_zone: str | None = None
    max_age: Duration = "1d"
    update_every: Duration = "30m"
    quiet: str | None = None
    hours: dict[str, Hours] = {}
    departments: dict[str, Department | tuple[str, ...]] = {}
    channels: dict[Name, PolicyForm] = {}

    def department(self, name: str) -> Department:
        """Return a department; a bare list holds its causes."""
        form = self.departments[name]
        return form if isinstance(form, Department) else Department(causes=form)

    @property
    def routed(self) -> frozenset[str]:
        """The channels of all routes."""
        return frozenset(name for route in self.routes for name in route.channels)


class Chain(msgspec.Struct, frozen=True):
    """The channels of a route that matched an alert."""

    route: str
    channels: tuple[str, ...]


class Policy(NamedTuple):
    """A channel's minimum interval between updates of an alert, and its quiet hours."""

    update_every: timedelta
    quiet: Hours | None


class RoutingTable(NamedTuple):
    """The parsed file; `policies` holds those that differ from the `usual` one, by channel."""

    form: RoutesForm
    zone: ZoneInfo
    calendars: Calendars
    max_age: timedelta
    usual: Policy
    policies: Mapping[str, Policy]

    @property
    def language(self) -> Language:
        """The language of the messages."""
        return self.form.language

    def policy(self, channel: str) -> Policy:
        """Return the policy of a channel, even of one that only old alerts still name."""
        return self.policies.get(channel, self.usual)

    def chains(self, alert: Alert, now: datetime) -> tuple[Chain, ...]:
        """Return the channels for an alert at the time `now`, those of the first matching route.

        A matching route with `continue` adds its channels, and the next routes are tried, too.
        """
        matched: list[Chain] = []
        for route in self.form.routes:
            if self._matches(route, alert, now):
                matched.append(Chain(route.name, route.channels))
                if not route.go_on:
                    break
        return tuple(matched)

    def quiet_until(self, channel: str, severity: str, moment: datetime) -> datetime | None:
        """Return the end of the quiet hours that hold back a message at `moment`, or None."""
        quiet = self.policy(channel).quiet
        if severity == "critical" or quiet is None:
            return None
        return quiet.end_after(moment, self.zone)

    def _matches(self, route: Route, alert: Alert, now: datetime) -> bool:
        concerned = [Department(causes=route.causes)] if route.causes else []
        concerned += map(self.form.department, route.departments)
        return (
            (not concerned or any(_is_of(alert, department) for department in concerned))
            and (not route.topics or _is_of(alert, Department(topics=route.topics)))
            and (not route.in_danger or alert.in_danger)
            and (not route.severities or known_severity(alert.severity) in route.severities)
            and (not route.brands or alert.brand in route.brands)
            and (not route.segments or alert.segment in route.segments)
            and (route.during is None or self._within(route.during, alert, now))
            and (route.outside is None or not self._within(route.outside, alert, now))
        )

    def _within(self, hours: str, alert: Alert, now: datetime) -> bool:
        if hours in self.form.hours:
            return self.form.hours[hours].end_after(now, self.zone) is not None
        if hours in self.calendars.teams:
            return self.calendars.teams[hours].is_open(now)
        return self.calendars.of_brand(alert.brand).is_open(now)


def _is_of(alert: Alert, department: Department) -> bool:
    return alert.cause in department.causes or not {*department.topics}.isdisjoint(alert.topics)


def load_routing_table(path: Path, calendar: Path) -> RoutingTable:
    """Load a routes.yaml; its time zone defaults to that of the calendar.

    Raises RoutesError and CalendarError.
    """
    form = read_form(path, RoutesForm, RoutesError)
    calendars = load_calendars(calendar)
    zone = (
        calendars.house.zone
        if form.time_zone is None
        else time_zone_of(form.time_zone, f"{path}: time_zone", RoutesError)
    )
    _refuse_unknown(path, form, calendars)
    policies = {name: _policy(form, own) for name, own in form.channels.items()}
    usual = _policy(form, PolicyForm())
    return RoutingTable(form, zone, calendars, duration(form.max_age), usual, policies)


def _policy(form: RoutesForm, own: PolicyForm) -> Policy:
    quiet = form.hours[form.quiet] if form.quiet and own.quiet else None
    return Policy(duration(own.update_every or form.update_every), quiet)


def _refuse_unknown(path: Path, form: RoutesForm, calendars: Calendars) -> None:
    """Raise RoutesError if the file refers to undefined hours, departments or channels."""
    hours = {*form.hours, *calendars.teams, BUSINESS}
    named = [("quiet", form.quiet, {*form.hours})]
    for index, route in enumerate(form.routes):
        where = f"routes[{index}]"
        named += [
            (f"{where}.during", route.during, hours),
            (f"{where}.outside", route.outside, hours),
        ]
        for department in route.departments:
            if department not in form.departments:
                reason = f"there is no department `{department}`"
                raise RoutesError(f"{path}: {where}.departments: {reason}")
    for where, name, defined in named:
        if name is not None and name not in defined:
            raise RoutesError(f"{path}: {where}: there are no hours `{name}`")
    _refuse_unknown_topics(path, form)
    if unused := sorted(form.channels.keys() - form.routed):
        raise RoutesError(f"{path}: channels.{unused[0]}: no route names this channel")
    if repeated := _repeated([route.name for route in form.routes]):
        raise RoutesError(f"{path}: routes: two routes have the name `{repeated}`")


def _refuse_unknown_topics(path: Path, form: RoutesForm) -> None:
    named = [(f"departments.{name}", form.department(name).topics) for name in form.departments]
    named += [(f"routes[{index}]", route.topics) for index, route in enumerate(form.routes)]
    for where, topics in named:
        if unknown := sorted({*topics} - _topic_names()):
            listed = ", ".join(sorted(_topic_names()))
            reason = f"there is no topic `{unknown[0]}`; there are {listed}"
            raise RoutesError(f"{path}: {where}.topics: {reason}")


class _Taxonomy(msgspec.Struct):
    topics: dict[str, object]


@cache
def _topic_names() -> frozenset[str]:
    """Return the names of the topics that texts are read for."""
    return frozenset(lexicon.load("topics", _Taxonomy).topics)


def _repeated(names: list[str]) -> str | None:
    return next((name for name in names if names.count(name) > 1), None)
