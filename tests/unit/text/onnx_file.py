"""Reads weights from an ONNX file: what it takes of protobuf's wire format, and no library."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_GRAPH: Final = 7
_NODE, _INITIALIZER = 1, 5
_INPUT, _OPERATOR = 1, 4
_DIMS, _DATA_TYPE, _NAME, _RAW = 1, 2, 8, 9
_DTYPES: Final = {2: np.uint8, 3: np.int8}


def products_in_eight_bits(content: bytes) -> Iterator[tuple[str, NDArray[np.integer]]]:
    """Yield name and weights, (inputs, outputs), of every product of integers of a model."""
    (graph,) = (value for number, value in _fields(content) if number == _GRAPH)
    parts = list(_fields(graph))
    tensors = dict(_tensor(value) for number, value in parts if number == _INITIALIZER)
    for number, value in parts:
        node = list(_fields(value)) if number == _NODE else []
        if (_OPERATOR, b"MatMulInteger") in node:
            name = [one for field, one in node if field == _INPUT][1]
            data_type, shape, raw = tensors[name]
            yield name.decode(), np.frombuffer(raw, _DTYPES[data_type]).reshape(shape)


def _tensor(content: bytes) -> tuple[bytes, tuple[int, list[int], bytes]]:
    fields = list(_fields(content))
    shape = [value for number, value in fields if number == _DIMS]
    one = dict(fields)
    return one[_NAME], (one[_DATA_TYPE], shape, one.get(_RAW, b""))


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the number of each field and its value: an integer, or bytes."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        match key & 7:
            case 0:
                value, at = _varint(content, at)
                yield key >> 3, value
            case 2:
                length, at = _varint(content, at)
                yield key >> 3, content[at : at + length]
                at += length
            case wire:  # 1: eight bytes, 5: four
                at += 8 if wire == 1 else 4


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
