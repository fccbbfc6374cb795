"""All dashboards in all languages, as JSON."""

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.pages import PAGES
from grafana.texts import LANGUAGES

FOLDER = Path(__file__).parent / "dashboards"


def built() -> dict[str, str]:
    """Return the content of each file by its path in `FOLDER`."""
    encoder = JSONEncoder(indent=1, sort_keys=True, ensure_ascii=False)
    return {
        f"{language}/{name}.json": encoder.encode(page(language).board.build()) + "\n"
        for language in LANGUAGES
        for name, page in PAGES.items()
    }
