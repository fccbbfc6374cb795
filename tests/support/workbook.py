"""A workbook as Excel writes it, the least of one."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape

_FIRST_DAY = datetime(1899, 12, 30)
_OPEN = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_OPEN}/spreadsheetml/2006/main"'
_RELATIONS = f'<Relationships xmlns="{_OPEN}/package/2006/relationships">{{}}</Relationships>'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_OPEN}/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>',
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OPEN}/officeDocument/2006/relationships">'
    '<sheets><sheet name="Boş" sheetId="1" r:id="r1"/>'
    '<sheet name="Yanıtlar" sheetId="2" r:id="r2"/></sheets></workbook>',
    "xl/styles.xml": f"<styleSheet {_MAIN}>"
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
}
_SHEET = f"<worksheet {_MAIN}><sheetData>{{}}</sheetData></worksheet>"


def _relation(id_: str, kind: str, target: str) -> str:
    type_ = f"{_OPEN}/officeDocument/2006/relationships/{kind}"
    return f'<Relationship Id="{id_}" Type="{type_}" Target="{target}"/>'


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """Return a workbook with an empty sheet and one of these rows."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as book:
        for name, part in _PARTS.items():
            book.writestr(name, part)
        whole = _relation("r1", "officeDocument", "xl/workbook.xml")
        parts = (
            _relation("r1", "worksheet", "worksheets/sheet1.xml"),
            _relation("r2", "worksheet", "worksheets/sheet2.xml"),
            _relation("r3", "styles", "styles.xml"),
        )
        book.writestr("_rels/.rels", _RELATIONS.format(whole))
        book.writestr("xl/_rels/workbook.xml.rels", _RELATIONS.format("".join(parts)))
        book.writestr("xl/worksheets/sheet1.xml", _SHEET.format(""))
        book.writestr("xl/worksheets/sheet2.xml", _SHEET.format("".join(map(_row, rows))))
    return content.getvalue()


def _row(cells: Sequence[object]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(cell: object) -> str:
    if isinstance(cell, datetime):
        return f'<c s="1"><v>{(cell - _FIRST_DAY).total_seconds() / 86_400}</v></c>'
    if isinstance(cell, int | float):
        return f"<c><v>{cell}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'
