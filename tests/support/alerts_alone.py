"""Prints the alerts that one release alone raises for a load; runs under either release.

python alerts_alone.py RULES < LOAD
"""

import json
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import load_rules
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

try:
    from pipeline.config.groups import DetectSettings
    from pipeline.ingest.decode import decode_event
    from pipeline.ingest.privacy import redact_event
    from pipeline.model.reading import Scored
except ImportError:  # the last release has them in another module
    from pipeline.decode import decode_event
    from pipeline.privacy import redact_event
    from pipeline.reading import Scored
    from pipeline.setting_groups import DetectSettings


def main(rules: Path) -> None:
    now = datetime.now(UTC)
    events = defaultdict(list)
    for line in sys.stdin:
        event = redact_event(decode_event(line.encode(), key_of(line), now=now))
        events[event.customer_id].append(event)
    reader, book, settings = Reader(load_engine("fast")), load_rules(rules), DetectSettings()
    last = {}
    for mine in events.values():
        readings = reader.read_events(mine)
        arrivals = [
            Arrival(Scored(event, reading, now), 0, offset)
            for offset, (event, reading) in enumerate(zip(mine, readings, strict=True))
        ]
        _, changes = apply(None, arrivals, book, settings)
        last |= {alert.id: alert for alert in changes}
    left = [alert for alert in last.values() if alert.state != "withdrawn"]
    sys.stdout.buffer.write(msgspec.json.encode(left))


def key_of(line: str) -> bytes:
    return str(json.loads(line)["customer_id"]).encode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
