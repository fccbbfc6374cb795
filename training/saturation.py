"""Weights whose products add up to the same on every processor.

A processor without VNNI multiplies bytes with VPMADDUBSW: unsigned inputs by signed weights, two
neighbouring products at a time, added up in 16 bits that saturate. What is beyond is lost there,
and only there. See `U8S8` in onnxruntime's page on quantization, which advises weights of 7 bits;
here each output keeps as much of its eight as its own pairs allow, two thirds of a bit more.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 32_767 // 255
"""What two neighbouring weights of one sign may add up to: 255 is the highest input."""


def worst_pairs(weights: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return what two neighbours of one sign add up to at most, by output.

    `weights` has the shape (inputs, outputs), its products are added up in pairs of inputs.
    """
    even = np.pad(weights.astype(np.int64), ((0, len(weights) % 2), (0, 0)))
    one_sign = np.maximum(0, [even, -even])
    worst: NDArray[np.int64] = (one_sign[:, ::2] + one_sign[:, 1::2]).max(axis=(0, 1))
    return worst


def narrowed(weights: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return weights of which no pair saturates, and by how much each output's became smaller."""
    shrunk = weights
    ratios = np.ones(weights.shape[1])
    while (over := (worst := worst_pairs(shrunk)) > MOST).any():
        ratios[over] *= MOST / worst[over]
        shrunk = np.rint(weights * ratios).astype(np.int8)
    return shrunk, ratios
