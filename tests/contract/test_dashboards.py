"""The dashboards' SQL on both engines, over a simulated day; its numbers are the store's."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from grafana.plugin import expand
from grafana.rules import miss_sql, misses, rules, topics_sql
from grafana.sql import filled
from grafana.texts import panels
from pipeline.kpi.definitions import KPIS, KpiValue
from pipeline.kpi.estimates import Estimate, balance, quantile, ratio, share
from pipeline.kpi.formulas import Spread
from pipeline.model.alert import Alert
from pipeline.model.event import Event
from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from tests.contract.counted import contacts, open_at, texts, within
from tests.support.dashboards import CALENDARS, Statement, distinct_statements, statement
from tests.support.simulated_day import DAY, days


@pytest.mark.parametrize("one", distinct_statements(), ids=lambda one: one.id)
def test_every_column_of_a_panel_has_a_figure_of_the_day(company: Backend, one: Statement) -> None:
    """The last of the intervals does not end with the day, so its column has one too."""
    rows = one.asked(company, DAY, {"enough": ["1"]}, interval_s=5 * 3_600)
    assert rows
    for place, column in enumerate(zip(*rows, strict=True)):
        assert any(cell is not None for cell in column), f"column {place}"


@pytest.mark.parametrize("one", distinct_statements(), ids=lambda one: one.id)
def test_a_panel_can_be_asked_of_a_part(company: Backend, one: Statement) -> None:
    one.asked(company, DAY, {"brand": ["Mavi Hat"], "channel": ["call", "a'b"], "language": ["tr"]})


@pytest.mark.parametrize(
    "name",
    [
        *("nps", "csat", "ces", "net_sentiment", "negative_customers", "complaint_rate"),
        *("first_response_median", "loop_closure", "time_to_contact_median", "nobody_came"),
        *("self_service_rate", "avoidable_calls"),
    ],
)
def test_a_headline_is_what_the_store_reads(
    company: Backend, kpis: dict[str, KpiValue], name: str
) -> None:
    ((value, note, _),) = statement("*", KPIS[name].title.en).asked(company, DAY)
    kpi = kpis[name]
    assert value == pytest.approx(kpi.value)
    people = kpi.customers is not None and kpi.customers < kpi.n
    n = f"n {kpi.n} ({kpi.customers} customers)" if people else f"n {kpi.n}"
    shown, *rest = note.split(" · ")
    assert rest[0] == n
    ends = [float(end) for end in shown.split(" – ")]
    assert ends == pytest.approx([kpi.ci_low, kpi.ci_high], abs=0.51)


def test_too_few_answers_are_no_number(company: Backend, kpis: dict[str, KpiValue]) -> None:
    n = kpis["ces"].n
    panel = statement("now", "CES (easy)")
    assert panel.asked(company, DAY, {"enough": [str(n)]})[0][0] is not None
    ((value, note, colour),) = panel.asked(company, DAY, {"enough": [str(n + 1)]})
    assert (value, note, colour) == (None, f"n {n} < {n + 1}", "text")


def test_a_slice_is_what_the_store_reads(company: Backend) -> None:
    rows = {row[0]: row for row in statement("now", "By brand").asked(company, DAY)}
    values = {
        (value.slice["brand"], value.kpi): value
        for value in Store(company, calendars=CALENDARS).kpis(DAY, ["brand"], DAY.end)
    }
    names = ("nps", "csat", "ces", "net_sentiment", "negative_customers", "complaints", "texts")
    for brand, row in rows.items():
        read = [values[brand, name].value for name in names]
        # NPS is rounded by the panel.
        assert row[1:8] == pytest.approx(read, abs=0.5)
        assert row[8] == values[brand, "active_customers"].value


@pytest.mark.parametrize("name", ["brand", "channel", "touchpoint", "segment", "language"])
def test_a_filter_leaves_what_was_chosen(company: Backend, name: str) -> None:
    def value(one: Scored) -> str:
        assert one.reading
        if name == "language":
            return one.event.language or one.reading.language
        return getattr(one.event, name) or ""

    counted = Counter(value(one) for one in texts())
    (often, most), (seldom, least) = counted.most_common()[0], counted.most_common()[-1]
    panel = statement("now", "Net sentiment")
    for chosen, n in (([often], most), ([often, seldom], most + least)):
        ((_, note, _),) = panel.asked(company, DAY, {name: chosen, "enough": ["1"]})
        assert f"n {n} " in note


def test_filters_of_several_variables_hold_together(company: Backend) -> None:
    def chosen(one: Event | Alert) -> bool:
        return one.brand == "Mavi Hat" and one.channel in ("call", "whatsapp")

    filters = {"brand": ["Mavi Hat"], "channel": ["call", "whatsapp"], "enough": ["1"]}
    lines = [one for one in days().scored if within(one) and chosen(one.event)]
    asking = {one.customer_id for one in contacts(lines)}
    ((_, note, _),) = statement("hurts", "Had to ask again").asked(company, DAY, filters)
    assert f"n {len(asking)} " in note
    waiting = open_at(DAY.end)
    of_them = [one for one in days().alerts if one.id in waiting and chosen(one)]
    ((count, *_),) = statement("at-risk", "Open alerts").asked(company, DAY, filters)
    assert count == len(of_them) > 0


def test_chosen_languages_add_up_to_the_whole(company: Backend, kpis: dict[str, KpiValue]) -> None:
    languages = [name for (name,) in statement("now", "variable language").asked(company, DAY)]
    panel = statement("now", "Net sentiment")

    def n(chosen: Sequence[str]) -> int:
        ((_, note, _),) = panel.asked(company, DAY, {"language": chosen, "enough": ["1"]})
        return int(note.split("n ")[1].split(" ")[0])

    assert sum(n([language]) for language in languages) == n(languages) == kpis["texts"].value


def test_the_interval_that_has_not_ended_stands_apart(company: Backend) -> None:
    *finished, last = statement("now", "Net sentiment over time").asked(
        company, DAY, interval_s=5 * 3_600
    )
    assert [row[4] for row in finished] == [None] * len(finished)
    assert last[1:4] == (None, None, None)
    assert last[4] is not None


def once(plus: int, minus: int, n: int) -> Spread:
    """The spread where each customer answers once."""
    return Spread(n, plus + minus, plus - minus, n)


CASES = [
    *(
        (*counts, once(*counts))
        for counts in [(0, 3, 3), (45, 20, 100), (1, 0, 1), (450, 200, 1_000)]
    ),
    (5, 0, 5, Spread(1, 25, 25, 25)),
    (45, 20, 100, Spread(40, 120, 60, 300)),
    (60, 0, 100, Spread(50, 110, 130, 240)),
]


@pytest.mark.parametrize(("plus", "minus", "n", "spread"), CASES)
@pytest.mark.parametrize(("part", "of"), [("balance", balance), ("share", share)])
def test_intervals_of_answers_are_those_of_the_kpis(
    chdb: Backend,
    part: str,
    of: Callable[..., Estimate],
    plus: int,
    minus: int,
    n: int,
    spread: Spread,
) -> None:
    names = ("plus", "minus", "n", *Spread._fields)
    minus = minus if part == "balance" else 0
    values = (plus, minus, n, *spread)
    counts = ", ".join(
        f"toUInt64({one}) AS {name}" for one, name in zip(values, names, strict=True)
    )
    text = (
        f"{{{part}_of_people}} FROM (SELECT *, {{design_effect}} AS effect FROM (SELECT {counts}))"
    )
    ((value, low, high),) = chdb.execute(
        f"SELECT value, low, high FROM (SELECT {filled(text, 'en', {})})"
    )
    expected = of(
        *values[: 3 if part == "balance" else 1], *([] if part == "balance" else [n]), spread
    )
    assert Estimate(value, n, low, high) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "n"), [(0, 3), (1, 3), (4, 100), (5, 100), (60, 100), (150, 100)])
def test_intervals_of_ratios_are_those_of_the_kpis(chdb: Backend, k: int, n: int) -> None:
    counts = f"SELECT toUInt64({k}) AS k, toUInt64({n}) AS n"
    ((value, low, high),) = chdb.execute(f"SELECT {filled('{ratio}', 'en', {})} FROM ({counts})")
    assert Estimate(value, n, low, high) == pytest.approx(ratio(k, n))


@pytest.mark.parametrize("n", [1, 5, 6, 7, 30, 100, 1_001])
def test_intervals_of_medians_are_those_of_the_kpis(chdb: Backend, n: int) -> None:
    values = f"SELECT arrayMap(x -> x * 1.5, range({n})) AS xs, toUInt64({n}) AS n"
    ((value, low, high),) = chdb.execute(f"SELECT {filled('{median}', 'en', {})} FROM ({values})")
    assert Estimate(value, n, low, high) == quantile([1.5 * x for x in range(n)], [], 0.5)


@pytest.mark.parametrize("n", [1, 5, 6, 7, 30, 100])
@pytest.mark.parametrize("running", [0, 3, 5, 8])
def test_medians_of_waits_that_run_are_those_of_the_kpis(
    chdb: Backend, n: int, running: int
) -> None:
    """Of ten waits so many run on, the longer ones of each ten and the shorter ones."""
    waits = f"arrayMap(x -> (x * 1.5, toUInt8((x * 7) % 10 < {running})), range({n}))"
    points = (
        f"SELECT {{wait_points}}, {{median_ranks}}, waits FROM (SELECT {waits} AS waits, {n} AS n)"
    )
    asked = f"SELECT {{median_wait}} FROM (SELECT {{wait_quantiles}}, are_few FROM ({points}))"
    ((value, low, high),) = chdb.execute(filled(asked, "en", {}))
    still = [1.5 * x for x in range(n) if (x * 7) % 10 < running]
    ended = [1.5 * x for x in range(n) if (x * 7) % 10 >= running]
    expected = quantile(ended, still, 0.5)
    assert (value, low, high) == pytest.approx((expected.value, expected.ci_low, expected.ci_high))


@pytest.mark.parametrize("name", misses())
def test_a_rule_rings_where_the_panel_is_red(company: Backend, name: str) -> None:
    titles = panels()[name].title
    ((_, _, colour),) = statement("*", titles.en).asked(
        company, DAY, {"enough": [str(rules().enough)]}
    )
    asked = expand(miss_sql(name), DAY.start, DAY.end, 60, {})
    assert company.execute(asked) == [(int(colour == "red"),)]


def test_a_rule_rings_for_a_topic_that_grows(company: Backend) -> None:
    asked = expand(topics_sql(), DAY.start, DAY.end, 60, {})
    rows = statement("hurts", "Topics that grow").asked(company, DAY)
    growing = {row[0]: row[4] for row in rows if row[7] == "grows"}
    assert dict(company.execute(asked)) == pytest.approx(growing)
    assert growing
