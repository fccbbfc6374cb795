"""Sums in eight bits come out the same on a processor without VNNI, whatever the text."""

from importlib.resources import files
from typing import Final

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from tests.unit.text.onnx_file import products_in_eight_bits
from training.saturation import MOST, narrowed, worst_pairs

WEIGHTS: Final = dict(
    products_in_eight_bits((files("pipeline.text") / "weights" / "strong.onnx").read_bytes())
)


def without_vnni(inputs: NDArray[np.uint8], weights: NDArray[np.int8]) -> NDArray[np.int32]:
    """Multiply as VPMADDUBSW does: (texts, inputs) by (inputs, outputs)."""
    pad = len(weights) % 2
    a = np.pad(inputs.astype(np.int32), ((0, 0), (0, pad)))
    w = np.pad(weights.astype(np.int32), ((0, pad), (0, 0)))
    products = a[:, :, None] * w
    pairs: NDArray[np.int32] = (products[:, ::2] + products[:, 1::2]).clip(-32_768, 32_767)
    return pairs.sum(axis=1)


def exact(inputs: NDArray[np.uint8], weights: NDArray[np.int8]) -> NDArray[np.int32]:
    return inputs.astype(np.int32) @ weights.astype(np.int32)


def test_all_products_of_the_shipped_model_are_looked_at() -> None:
    assert len(WEIGHTS) == 6 * 12 + 1  # four of attention, two of the feed-forward layer; the head


def test_no_pair_of_shipped_weights_saturates() -> None:
    assert {weights.dtype for weights in WEIGHTS.values()} == {np.dtype(np.int8)}
    worst = {name: int(worst_pairs(weights).max()) for name, weights in WEIGHTS.items()}
    assert {name: most for name, most in worst.items() if most > MOST} == {}


def test_a_pair_of_full_weights_would_saturate() -> None:
    inputs = np.array([[255, 255]], np.uint8)
    weights = np.array([[127], [127]], np.int8)
    assert (without_vnni(inputs, weights), exact(inputs, weights)) == (32_767, 64_770)
    assert worst_pairs(weights) == [254]


@given(st.data())
def test_narrowed_weights_add_up_to_the_same_without_vnni(data: st.DataObject) -> None:
    weights = data.draw(arrays(np.int8, array_shapes(min_dims=2, max_dims=2, max_side=9)))
    inputs = data.draw(arrays(np.uint8, (3, len(weights))))
    shrunk, ratios = narrowed(weights)
    for given_inputs in (inputs, np.full_like(inputs, 255)):
        assert (without_vnni(given_inputs, shrunk) == exact(given_inputs, shrunk)).all()
    assert (abs(shrunk - weights * ratios) <= 0.5).all()
    assert (ratios > 0.45).all()


@given(arrays(np.int8, (6, 4), elements=st.integers(-64, 64)))
def test_weights_of_seven_bits_stay_as_they_are(weights: NDArray[np.int8]) -> None:
    shrunk, ratios = narrowed(weights)
    assert (shrunk == weights).all()
    assert (ratios == 1).all()
