"""Installs Kafka and its AOT cache, which halves its start: `python -m pipeline.broker.prepare`.

Set-up runs this; `nabiz up` completes it if necessary.
"""

import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from pipeline.broker.distribution import kafka_jars
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.java import classes_cache, keep_classes
from pipeline.broker.local import LocalBroker
from pipeline.broker.topics import apply_topics
from pipeline.config.groups import ROOT
from pipeline.contracts.topics import load_topics


def prepare(console: Console) -> None:
    """Download Kafka and train its AOT cache, once for each user.

    Raises BrokerError where Kafka cannot be downloaded. Without the classes it is just slower.
    """
    jars = kafka_jars(console=console)
    cache = classes_cache(jars)
    if not cache.exists():
        failures = (OSError, BrokerError, BrokerUnavailable)
        with suppress(*failures), console.status("preparing Kafka, once …"):
            _keep_classes(cache)


def _keep_classes(cache: Path) -> None:
    """Start and stop a scratch Kafka with our topics, so that Java writes the AOT cache.

    Raises OSError where there is no place for it, BrokerError where Kafka does not come up, and
    BrokerUnavailable where it is too slow.
    """
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix="preparing-") as scratch:
        written = Path(scratch, cache.name)
        with LocalBroker.start(Path(scratch, "data"), options=keep_classes(written)) as broker:
            apply_topics(broker.bootstrap, load_topics(ROOT / "schemas").values())
        written.replace(cache)


if __name__ == "__main__":
    try:
        prepare(Console(stderr=True))
    except BrokerError as error:
        print(f"{error}\n`nabiz up` will try again.", file=sys.stderr)  # noqa: T201
