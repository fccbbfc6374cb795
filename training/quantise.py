"""A model in eight bits, whose answer to a text does not depend on the texts beside it.

Weights are rounded per channel, so that no sum saturates on any processor
(`training.saturation`). Activations have ranges that are fixed beforehand: what is usual,
ranges taken anew from each batch, would let a text change what is said of its neighbours. The
input of a feed-forward layer's second half has a few channels that are ten times as wide as all
others; these keep all their digits (Dettmers et al. 2022, LLM.int8), as otherwise the others would
have hardly any.
"""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic

from pipeline.text.strong import padded
from training.saturation import narrowed
from training.strong_run import Classifier

WIDE: Final = 4
"""Channels that keep all their digits."""
_DYNAMIC: Final = "DynamicQuantizeLinear"
_PRODUCT: Final = "MatMulInteger"
_STEPS: Final = 255

Tokens = Sequence[list[int]]


class Split(torch.nn.Module):
    """A linear layer with its widest input channels in a layer of their own."""

    def __init__(self, layer: torch.nn.Linear, channels: torch.Tensor) -> None:
        super().__init__()
        self.channels = channels
        self.mask = torch.ones(layer.in_features).index_fill(0, channels, 0.0)
        self.narrow = layer
        self.wide = torch.nn.Linear(len(channels), layer.out_features, bias=False)
        with torch.no_grad():
            self.wide.weight.copy_(layer.weight[:, channels])
            layer.weight *= self.mask

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the same as the whole layer would."""
        both: torch.Tensor = self.narrow(states * self.mask) + self.wide(states[..., self.channels])
        return both


def split(model: Classifier, tokens: Tokens) -> None:
    """Split every second half of a feed-forward layer, by how wide its inputs are in the texts."""
    layers = [layer.output for layer in model.backbone.encoder.layer]
    widths = [torch.zeros(layer.dense.in_features) for layer in layers]

    def measure(number: int) -> Any:
        def hook(_: Any, inputs: tuple[torch.Tensor]) -> None:
            seen = inputs[0].abs().amax(dim=(0, 1))
            widths[number] = torch.maximum(widths[number], seen)

        return hook

    hooks = [
        layer.dense.register_forward_pre_hook(measure(number))
        for number, layer in enumerate(layers)
    ]
    with torch.inference_mode():
        for feed in _feeds(tokens):
            model(*map(torch.from_numpy, feed.values()))
    for hook in hooks:
        hook.remove()
    for layer, width in zip(layers, widths, strict=True):
        layer.dense = Split(layer.dense, width.clone().topk(WIDE).indices)


def to_onnx(model: Classifier, target: Path) -> None:
    """Write the model with texts and tokens as free dimensions."""
    ids = torch.ones(2, 8, dtype=torch.int64)
    free = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        model.eval(),
        (ids, torch.ones_like(ids)),
        str(target),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": free, "attention_mask": free, "logits": {0: "texts"}},
        opset_version=17,
        dynamo=False,
    )


def quantised(model: Classifier, tokens: Tokens) -> bytes:
    """Return the model in eight bits, with ranges as they are in these texts. Changes `model`."""
    split(model, tokens)
    with tempfile.TemporaryDirectory() as folder:
        whole, rounded = Path(folder) / "whole.onnx", Path(folder) / "rounded.onnx"
        to_onnx(model, whole)
        nodes = onnx.load(whole).graph.node
        quantize_dynamic(
            whole,
            rounded,
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[node.name for node in nodes if "/wide/" in node.name],
        )
        graph = onnx.load(rounded)
    narrow(graph)
    fix_ranges(graph, tokens)
    onnx.checker.check_model(graph)
    content: bytes = graph.SerializeToString()
    return content


def narrow(model: Any) -> None:
    """Make weights in eight bits smaller, and their scales larger, where sums could saturate."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == _PRODUCT:
            weights = tensors[node.input[1]]
            scale = tensors[weights.name.removesuffix("_quantized") + "_scale"]
            shrunk, ratios = narrowed(onnx.numpy_helper.to_array(weights))
            scales = onnx.numpy_helper.to_array(scale) / ratios
            weights.CopyFrom(onnx.numpy_helper.from_array(shrunk, weights.name))
            scale.CopyFrom(onnx.numpy_helper.from_array(scales.astype(np.float32), scale.name))


def fix_ranges(model: Any, tokens: Tokens) -> None:
    """Replace the ranges that are taken from each batch by those of all these texts."""
    nodes = [node for node in model.graph.node if node.op_type == _DYNAMIC]
    for node, (low, high) in zip(nodes, _ranges(model, nodes, tokens), strict=True):
        step = (high - low) / _STEPS
        zero = round(-low / step)
        (source,), (target, step_name, zero_name) = node.input, node.output
        values = {step_name: np.float32(step), zero_name: np.uint8(zero)}
        model.graph.initializer.extend(
            onnx.numpy_helper.from_array(np.array(value), name) for name, value in values.items()
        )
        node.CopyFrom(
            onnx.helper.make_node("QuantizeLinear", [source, *values], [target], node.name)
        )


def _ranges(model: Any, nodes: Sequence[Any], tokens: Tokens) -> NDArray[np.float64]:
    """Return lowest and highest value, 0 among them, of what each of these nodes is given."""
    names = [node.input[0] for node in nodes]
    open_model = onnx.ModelProto()
    open_model.CopyFrom(model)
    open_model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in dict.fromkeys(names)
    )
    session = onnxruntime.InferenceSession(open_model.SerializeToString())
    ranges = np.zeros((len(nodes), 2))
    for feed in _feeds(tokens):
        values = session.run(names, feed)
        ranges[:, 0] = np.minimum(ranges[:, 0], [value.min() for value in values])
        ranges[:, 1] = np.maximum(ranges[:, 1], [value.max() for value in values])
    return ranges


def _feeds(tokens: Tokens) -> Iterable[dict[str, NDArray[np.int64]]]:
    """Yield each text alone, so that nothing is measured of padding."""
    return (
        dict(zip(("input_ids", "attention_mask"), padded([one]), strict=True)) for one in tokens
    )
