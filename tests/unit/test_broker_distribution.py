from pathlib import Path

import pytest

from pipeline.broker.distribution import KAFKA_VERSION, kafka_jars
from pipeline.broker.errors import BrokerError


def test_jars_that_are_there_need_no_network(tmp_path: Path, socket_disabled: None) -> None:
    home = tmp_path / f"kafka-{KAFKA_VERSION}"
    home.mkdir()
    for name in ("b.jar", "a.jar"):
        (home / name).touch()

    assert kafka_jars(tmp_path) == [home / "a.jar", home / "b.jar"]


def test_without_network_the_error_says_what_to_do_and_leaves_nothing_half_done(
    tmp_path: Path, socket_disabled: None
) -> None:
    with pytest.raises(BrokerError, match="Check the network, proxy"):
        kafka_jars(tmp_path)

    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []
