"""How figures look: colours, what a column is drawn as, transformations."""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)

Panel = timeseries.Panel | stat.Panel | table.Panel
Looks = Mapping[str, object]

NUMBER: Looks = {"custom.width": 110}
WIDE: Looks = {"custom.minWidth": 220}
HIDDEN: Looks = {"custom.hidden": True}
TIME: Looks = {"unit": "dateTimeAsIso", "custom.width": 170}


def decimal(digits: int, unit: str = "none") -> Looks:
    """Show a number with so many digits after the point."""
    return {"decimals": digits, "unit": unit, "custom.width": 110}


def heat(low: float, high: float, unit: str = "none", *, good: str = "high") -> Looks:
    """Colour cells from red to green between two values, at their `good` end green."""
    scale = "continuous-RdYlGr" if good == "high" else "continuous-GrYlRd"
    return {
        "custom.cellOptions": {"type": "color-background", "mode": "basic"},
        "color": {"mode": scale},
        "min": low,
        "max": high,
        "unit": unit,
        "decimals": 0,
        "custom.width": 110,
    }


BALANCE = heat(-60, 60)
SHARE = heat(40, 100, "percent")
BAD_SHARE = heat(0, 40, "percent", good="low")


def chosen(colours: Mapping[str, tuple[str, str]]) -> Looks:
    """Show values as texts in colours: {value: (text, colour)}."""
    return {
        "custom.cellOptions": {"type": "color-text"},
        "custom.width": 110,
        "mappings": [
            {
                "type": "value",
                "options": {
                    value: {"text": text, "color": colour, "index": index}
                    for index, (value, (text, colour)) in enumerate(colours.items())
                },
            }
        ],
    }


def link(title: str, url: str, *, aside: bool = True) -> Mapping[str, object]:
    """Return a link of a cell; `${__data.fields.NAME}` in it are cells of its row."""
    return {"title": title, "url": url, "targetBlank": aside}


def fixed(colour: str) -> Mapping[str, str]:
    """Return the colour mode that is always this colour."""
    return {"mode": "fixed", "fixedColor": colour}


DOT: Looks = {"custom.drawStyle": "points", "custom.pointSize": 10, "color": fixed("orange")}
"""How a line shows the interval that has not ended."""


def thresholds(colours: Sequence[str | float]) -> ThresholdsConfig:
    """Return steps of colour: (below, from where on, another, from where on, another ...)."""
    starts = [None, *(float(one) for one in colours[1::2])]
    steps = [
        Threshold(value=start, color=str(colour))
        for start, colour in zip(starts, colours[::2], strict=True)
    ]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def properties(looks: Looks) -> list[DynamicConfigValue]:
    """Return looks as an override has them."""
    return [DynamicConfigValue(id_val=name, value=value) for name, value in looks.items()]


def override(panel: Panel, fields: Mapping[str, Looks]) -> None:
    """Give fields, by name, looks of their own."""
    for name, looks in fields.items():
        panel.override_by_name(name, properties(looks))


def transformation(name: str, **options: object) -> DataTransformerConfig:
    """Return a transformation of the data before they are drawn."""
    return DataTransformerConfig(id_val=name, options=options)


def to_one_number() -> DataTransformerConfig:
    """Make a headline row one field: named by its note, in its colour."""
    handlers: Sequence[tuple[str, str]] = (
        ("note", "field.name"),
        ("value_shown", "field.value"),
        ("colour", "color"),
    )
    mappings = [{"fieldName": field, "handlerKey": handler} for field, handler in handlers]
    return transformation("rowsToFields", mappings=mappings)


def to_matrix() -> DataTransformerConfig:
    """Lay `value` out by `down_shown` and `across_shown`."""
    return transformation(
        "groupingToMatrix",
        rowField="down_shown",
        columnField="across_shown",
        valueField="value",
        emptyValue="null",
    )


def trend(words: Mapping[str, str]) -> Mapping[str, Looks]:
    """Return how the columns of a trend look; `words` are what each is called."""
    edge: Looks = {"custom.lineWidth": 0, "custom.showPoints": "never"}
    looks: Mapping[str, Looks] = {
        "value_shown": {"color": fixed("blue")},
        "low_shown": edge,
        "high_shown": {
            **edge,
            "custom.fillBelowTo": words["low_shown"],
            "custom.fillOpacity": 18,
            "color": fixed("blue"),
        },
        "unfinished": DOT,
    }
    return {name: {"displayName": words[name], **one} for name, one in looks.items()}
