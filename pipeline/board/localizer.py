"""Formats texts, numbers and times of the board in a language and a time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.common.languages import texts
from pipeline.common.names import shown
from pipeline.common.plain_text import plain
from pipeline.model.event_types import EventType

_MONTHS = {
    "tr": ["Oca", "Şub", "Mar", "Nis", "May", "Haz", "Tem", "Ağu", "Eyl", "Eki", "Kas", "Ara"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


class Localizer:
    """Formats in `language`, with times in `zone`; `now` is the time of the page."""

    def __init__(self, language: str, zone: ZoneInfo, now: datetime) -> None:
        self.language = language
        self.now = now
        self._zone = zone
        self._texts = texts("pipeline.board", language)

    def t(self, key: str, **values: object) -> str:
        """Return a text of the interface. Raises KeyError if it does not exist."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def label(self, kind: str, name: str) -> str:
        """Return the label of an extensible name, else the name in plain words."""
        return self._texts.get(f"{kind}.{name}", plain(name.replace("_", " ")))

    def name(self, kind: str, name: str) -> str:
        """Return the label of a channel or touchpoint, else its name."""
        return plain(shown(kind, name, self.language))

    def event(self, type_: EventType) -> str:
        """Return the label of an event type, else its name."""
        return type_.names.get(self.language, plain(type_))

    def counted(self, key: str, number: int, **values: object) -> str:
        """Return the text for a number; `key.one`, if it exists, is the singular."""
        single = f"{key}.one"
        form = single if number == 1 and single in self._texts else key
        return self.t(form, n=self.number(number), **values)

    def number(self, value: float, digits: int = 0) -> str:
        """Format a number."""
        text = f"{value:,.{digits}f}"
        if self.language == "tr":
            text = text.translate(str.maketrans(",.", ".,"))
        return text.replace("-", "\u2212")

    def percent(self, share: float) -> str:
        """Format a share of 1 as a percentage."""
        text = self.number(100 * share)
        return f"%{text}" if self.language == "tr" else f"{text}%"

    def risk(self, risk: float, calibrated: bool) -> str:
        """Format a risk: a probability as a percentage, a score as points of a hundred."""
        if calibrated:
            return self.percent(risk)
        return self.t("risk.score", points=self.number(100 * risk))

    def clock(self, at: datetime) -> str:
        """Format a time: the hour, with the day unless today, with the year unless this year."""
        there, today = at.astimezone(self._zone), self.now.astimezone(self._zone)
        hour = f"{there:%H:%M}"
        if there.date() == today.date():
            return hour
        day = f"{there.day} {_MONTHS[self.language][there.month - 1]}"
        return f"{day} {hour}" if there.year == today.year else f"{day} {there.year} {hour}"

    @property
    def zone(self) -> str:
        """Name of the time zone, with its current offset."""
        offset = f"{self.now.astimezone(self._zone):%z}"
        hours = f"{offset[0]}{int(offset[1:3])}" + (f":{offset[3:]}" if offset[3:] != "00" else "")
        place = shown("zone", self._zone.key, self.language).rpartition("/")[2].replace("_", " ")
        return f"{place} (UTC{hours})".replace("-", "\u2212")

    def day(self, at: datetime) -> str:
        """Format the day of a time."""
        there = at.astimezone(self._zone)
        return f"{there.day} {_MONTHS[self.language][there.month - 1]} {there.year}"

    def hour(self, at: datetime) -> str:
        """Format the hour of a time."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def span(self, seconds: float) -> str:
        """Format a duration in its largest unit, as `moving.js` does when time passes."""
        for length, unit in _UNITS:
            if seconds >= length:
                return self.t(f"span.{unit}", n=int(seconds // length))
        return self.t("span.moment")

    def ago(self, at: datetime) -> str:
        """Format how long ago a time was."""
        return self.t("ago", span=self.span(max(0.0, (self.now - at).total_seconds())))

    def left(self, at: datetime) -> str:
        """Format the time left until a deadline, or the time since."""
        seconds = (at - self.now).total_seconds()
        return self.t("left" if seconds >= 0 else "overdue", span=self.span(abs(seconds)))

    @property
    def moving(self) -> dict[str, str]:
        """The texts with which scripts keep the times of a page current."""
        keys = ("ago", "left", "overdue", *(f"span.{unit}" for _, unit in _UNITS), "span.moment")
        return {key: self._texts[key] for key in keys}
