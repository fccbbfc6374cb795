"""Public holidays and half days of countries, from the library `holidays`.

It is imported on use, since it takes a second and 20 MB.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

Holiday = Literal["closed", "half_day"]


class Holidays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country (ISO 3166) and, if holidays differ by region, one of its regions."""

    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
    region: str | None = None

    def check(self) -> None:
        """Raise ValueError if the library does not support the country or the region."""
        import holidays

        countries = holidays.list_supported_countries(include_aliases=True)
        if self.country not in countries:
            raise ValueError(f"the holidays of the country `{self.country}` are not known")
        regions = countries[self.country]
        if self.region and self.region not in regions:
            listed = f"there are {', '.join(regions)}" if regions else "it has none"
            raise ValueError(f"{self.country} has no region `{self.region}`; {listed}")


@lru_cache(maxsize=256)
def holidays_of(whose: Holidays, year: int) -> Mapping[date, Holiday]:
    """Return the holidays of a year; a public holiday is never a half day."""
    import holidays

    def days(category: str) -> holidays.HolidayBase:
        return holidays.country_holidays(
            whose.country, subdiv=whose.region, years=year, categories=category
        )

    public = days(holidays.PUBLIC)
    halves = days(holidays.HALF_DAY) if holidays.HALF_DAY in public.supported_categories else ()
    return {**dict.fromkeys(halves, "half_day"), **dict.fromkeys(public, "closed")}
