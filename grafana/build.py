"""Builds the JSON of the dashboards in all languages and of the alert rules."""

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.pages import PAGES
from grafana.rules import provisioned
from grafana.texts import LANGUAGES

FOLDER = Path(__file__).parent
RULES = "provisioning/alerting/rules.json"


def built() -> dict[str, str]:
    """Return the content of each file by its path in `FOLDER`."""
    encoder = JSONEncoder(indent=1, sort_keys=True, ensure_ascii=False)
    content: dict[str, object] = {
        f"dashboards/{language}/{name}.json": page(language).board.build()
        for language in LANGUAGES
        for name, page in PAGES.items()
    }
    content[RULES] = provisioned()
    return {path: encoder.encode(value) + "\n" for path, value in content.items()}
