"""Figures and tables about receive and translate for the page."""

from collections.abc import Mapping
from typing import Any

from benchmarks.markdown import comparison, spread, table


def received(found: dict[str, Any]) -> Mapping[str, str]:
    """Return the receiver's cost per delivery, and its results under overload and attack."""
    burst, forged = found["burst"], found["forged"]
    alone, beside = forged["alone_ms"], forged["beside_ms"]
    return {
        "receive_us": f"{found['receive_us']:,.0f}",
        "bare_us": f"{found['bare_us']:,.0f}",
        "receive_ratio": f"{found['ratio']:.2f}",
        "receive_rounds": f"{found['rounds']}",
        "receive_requests": f"{found['requests']:,}",
        "burst_rate": f"{burst['rate']:,.0f}",
        "burst_still": f"{burst['still_seconds']:.0f}",
        "burst_put_off": f"{burst['put_off']:,}",
        "burst_twice": f"{burst['twice']:,}",
        **{f"burst_{name}": f"{burst[name]:,}" for name in ("sent", "taken", "lost")},
        "forged_sent": f"{forged['sent']:,}",
        "forged_rate": f"{forged['rate']:,.0f}",
        "forged_refused": f"{forged['refused']:,}",
        "forged_us": f"{forged['cost_us']:.0f}",
        "honest_rate": f"{forged['honest_rate']:,.0f}",
        "honest_taken": "all were taken" if forged["honest_taken"] else "**not all were taken**",
        "alone_ms": f"{alone['p50']:,.1f} ms (p50), {alone['p99']:,.1f} ms (p99)",
        "beside_ms": f"{beside['p50']:,.1f} and {beside['p99']:,.1f} ms",
    }


def translated(found: dict[str, Any]) -> Mapping[str, str]:
    """Return the cost of mappings, compared with hand-written Python."""
    delivered = found["delivered"]
    late = delivered["latency_ms"]
    beside = found["beside_python"]
    return {
        "beside_python": table(
            ("system", "mapping µs", "by hand µs", "ratio"),
            (
                (
                    one["system"],
                    *(f"{one[name]:.0f}" for name in ("mapping_us", "by_hand_us")),
                    spread(one["ratio"]),
                )
                for one in beside
            ),
        ),
        "translate_roles": "\n\n".join(
            f"**{group}**\n\n{comparison(subjects)}" for group, subjects in found["roles"].items()
        ),
        "translate_deliveries": f"{found['deliveries']:,}",
        "translate_mappings": f"{found['mappings']}",
        "delivered_rate": f"{delivered['rate']:,.0f}",
        "delivered_ms": f"{late['p50']:,.0f} ms (p50), {late['p99']:,.0f} ms (p99), at most "
        f"{late['max']:,.0f} ms",
    }
