"""What engines say of some texts, as noted on one processor: `python -m tests.unit.text.noted`."""

from pathlib import Path
from typing import Final

import msgspec

from pipeline.text.open import load_engine

NOTED: Final = Path(__file__).with_suffix(".json")
ENGINES: Final = ("fast", "strong")
TEXTS: Final = {
    "çok kötü bir ürün, hiç beğenmedim, parama yazık oldu": "tr",
    "cok kotu bir urun, hic begenmedim, parama yazik oldu": "tr",
    "Kargo üç gün geç geldi ama satıcı ilgilendi, ürün de fena değil.": "tr",
    "Beklediğimden iyi çıktı, annem çok sevdi.": "tr",
    "Mavi olanı sipariş etmiştim, siyah gelmiş.": "tr",
    "Tarifeyi bu ay değiştirdim, faturam geçen aydan yüksek.": "tr",
    "Yarın saat üçte evdeyim.": "tr",
    "Kutusu ezikti, içi sağlamdı; yine de iki yıldız.": "tr",
    "The room was small but clean and the staff were kind.": "en",
    "Battery dies after an hour, and it gets hot.": "en",
    "I would have liked it more in green.": "en",
    "The parcel is at the neighbour's since Monday.": "en",
    "Not what I paid for, and nobody picks up the phone.": "en",
    "Setup took five minutes and it simply works.": "en",
    "Şarjı bitiyor " * 60: "tr",
    "Die Lieferung kam zu spät.": "de",
}


def said(engine: str) -> list[list[float]]:
    """Return the probabilities of TEXTS."""
    languages = list(TEXTS.values())
    rows: list[list[float]] = load_engine(engine).probabilities([*TEXTS], None, languages).tolist()
    return rows


if __name__ == "__main__":
    rounded = {name: [[round(p, 5) for p in row] for row in said(name)] for name in ENGINES}
    NOTED.write_bytes(msgspec.json.format(msgspec.json.encode(rounded)) + b"\n")
