"""The appearance of figures: colours, cell types, links, transformations."""

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
    """Show a number with this many decimals."""
    return {"decimals": digits, "unit": unit, "custom.width": 110}


def heat(low: float, high: float, unit: str = "none", *, good: str = "high") -> Looks:
    """Colour cells between two values from red to green, which is at the `good` end."""
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
    """Show values as coloured texts: {value: (text, colour)}."""
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
    """Return the link of a cell; `${__data.fields.NAME}` refers to cells of its row."""
    return {"title": title, "url": url, "targetBlank": aside}


def fixed(colour: str) -> Mapping[str, str]:
    """Return the colour mode of a single colour."""
    return {"mode": "fixed", "fixedColor": colour}


DOT: Looks = {"custom.drawStyle": "points", "custom.pointSize": 10, "color": fixed("orange")}
"""The point of a line for the current interval."""


def thresholds(colours: Sequence[str | float]) -> ThresholdsConfig:
    """Return colour steps from a base colour and pairs: (colour, start, colour, start, ...)."""
    starts = [None, *(float(start) for start in colours[1::2])]
    steps = [
        Threshold(value=start, color=str(colour))
        for start, colour in zip(starts, colours[::2], strict=True)
    ]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def properties(looks: Looks) -> list[DynamicConfigValue]:
    """Return looks as the properties of an override."""
    return [DynamicConfigValue(id_val=name, value=value) for name, value in looks.items()]


def override(panel: Panel, fields: Mapping[str, Looks]) -> None:
    """Override the looks of fields by name."""
    for name, looks in fields.items():
        panel.override_by_name(name, properties(looks))


def transformation(name: str, **options: object) -> DataTransformerConfig:
    """Return a transformation of the data before display."""
    return DataTransformerConfig(id_val=name, options=options)


def to_one_number() -> DataTransformerConfig:
    """Turn a headline row into one field, with its note as name and its colour."""
    handlers: Sequence[tuple[str, str]] = (
        ("note", "field.name"),
        ("value_shown", "field.value"),
        ("colour", "color"),
    )
    mappings = [{"fieldName": field, "handlerKey": handler} for field, handler in handlers]
    return transformation("rowsToFields", mappings=mappings)


def to_matrix() -> DataTransformerConfig:
    """Pivot `value` by `down_shown` and `across_shown`."""
    return transformation(
        "groupingToMatrix",
        rowField="down_shown",
        columnField="across_shown",
        valueField="value",
        emptyValue="null",
    )


def trend(words: Mapping[str, str]) -> Mapping[str, Looks]:
    """Return the looks of the columns of a trend; `words` are their names."""
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
    return {name: {"displayName": words[name], **look} for name, look in looks.items()}
