from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cloudevents.core.bindings.common import get_event_factory_for_version
from cloudevents.core.formats.json import JSONFormat

from pipeline.model.alert import Alert, from_cloudevent, to_cloudevent
from tests.support.alerts import made_up

OPENED = datetime(2026, 1, 5, 9, tzinfo=UTC)
ALERT = made_up(
    "0b0e4a3e-6f0c-5a53-8d6c-1d3f1f4d7c11",
    OPENED,
    updated_at=OPENED + timedelta(minutes=90),
    severity="critical",
    customer_id="müşteri-7",
)


def test_an_alert_comes_back_as_it_was_sent() -> None:
    assert from_cloudevent(to_cloudevent(ALERT)) == ALERT


def test_the_cloudevents_package_accepts_it() -> None:
    event = JSONFormat().read(get_event_factory_for_version("1.0"), to_cloudevent(ALERT))
    attributes = dict(event.get_attributes())
    attributes.pop("id")
    assert attributes == {
        "specversion": "1.0",
        "type": "nabiz.alert.opened",
        "source": "nabiz/detect",
        "subject": "müşteri-7",
        "time": ALERT.updated_at,
        "datacontenttype": "application/json",
        "dataschema": "urn:nabiz:schema:cx.alerts:v1",
    }


@pytest.mark.parametrize(
    ("state", "revision", "kind"),
    [
        ("open", 1, "opened"),
        ("open", 2, "updated"),
        ("resolved", 1, "resolved"),
        ("resolved", 3, "resolved"),
        ("withdrawn", 2, "withdrawn"),
    ],
)
def test_type_says_what_happened(state: str, revision: int, kind: str) -> None:
    alert = msgspec.structs.replace(ALERT, state=state, revision=revision)
    assert msgspec.json.decode(to_cloudevent(alert))["type"] == f"nabiz.alert.{kind}"


def test_same_content_has_the_same_id_and_other_content_another() -> None:
    def id_of(alert: Alert) -> str:
        return str(msgspec.json.decode(to_cloudevent(alert))["id"])

    same = from_cloudevent(to_cloudevent(ALERT))
    assert id_of(same) == id_of(ALERT)
    assert id_of(msgspec.structs.replace(ALERT, revision=2)) != id_of(ALERT)
    assert id_of(msgspec.structs.replace(ALERT, severity="high")) != id_of(ALERT)


def test_what_is_no_alert_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        from_cloudevent(b'{"specversion": "1.0", "id": "1"}')
