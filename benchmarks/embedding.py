"""Embeddings of 2,000 sentences by all-MiniLM-L6-v2: zcwasm.embed, ONNX Runtime, sentence-transformers.

    python benchmarks/embedding.py [--threads 1 2] [--rounds 5] [--sentences 2000]

Peers that are not installed are left out (pip install onnx onnxruntime sentence-transformers). All read the
same weights, in float32, with the same tokenizer and as many threads. ONNX Runtime gets the graph in the form
that its own optimizer for BERT gives it (fused embedding, attention, layer norms and GELU), and texts sorted
by length in batches; both peers the batch size, of some, at which they are fastest."""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import common
import numpy as np

import zcwasm
import zcwasm.embed
from zcwasm._models import fetch

BATCHES = (16, 32, 64)
Encode = Callable[[Sequence[str]], Any]


def sentences(count: int) -> list[str]:
    """Of 4 to 40 words, most of them short, as sentences are; the same ones in every run."""
    rng = random.Random(1)
    words = (Path(zcwasm.guest_include()) / "zcwasm.h").read_text().replace("/*", " ").replace("*", " ")
    known = sorted({word for word in words.lower().split() if word.isalpha()})
    return [
        " ".join(rng.choice(known) for _ in range(min(40, 4 + int(rng.expovariate(1 / 10)))))
        for _ in range(count)
    ]


# --- ONNX Runtime ---


def onnx_graph(weights: zcwasm.Weights, config: zcwasm.embed.Config) -> bytes:
    """BERT in the operators that ONNX Runtime's optimizer for it makes of an exported model."""
    from onnx import TensorProto, helper, numpy_helper

    names: list[Any] = []
    nodes: list[Any] = []

    def constant(name: str, value: Any) -> str:
        names.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def tensor(name: str) -> Any:
        return weights[name].array()

    def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> str:
        own = kind in ("MatMul",)
        nodes.append(
            helper.make_node(kind, inputs, outputs, domain="" if own else "com.microsoft", **attributes)
        )
        return outputs[0]

    def norm(prefix: str) -> tuple[str, str]:
        return constant(f"{prefix}.weight", tensor(f"{prefix}.weight")), constant(
            f"{prefix}.bias", tensor(f"{prefix}.bias")
        )

    def matmul(x: str, prefix: str) -> str:
        return node("MatMul", [x, constant(f"{prefix}.w", tensor(f"{prefix}.weight").T)], [f"{prefix}.out"])

    eps = 1e-12
    table = {
        kind: constant(kind, tensor(f"embeddings.{kind}_embeddings.weight"))
        for kind in ("word", "position", "token_type")
    }
    segments = "segments"
    x = node(
        "EmbedLayerNormalization",
        ["ids", segments, *table.values(), *norm("embeddings.LayerNorm"), "mask"],
        ["x0", "lengths"],
        epsilon=eps,
    )
    for layer in range(config.layers):
        at = f"encoder.layer.{layer}"
        parts = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
        attended = node(
            "Attention",
            [
                x,
                constant(f"{at}.qkv", np.concatenate([tensor(f"{part}.weight").T for part in parts], 1)),
                constant(f"{at}.qkv_bias", np.concatenate([tensor(f"{part}.bias") for part in parts])),
                "lengths",
            ],
            [f"{at}.attended"],
            num_heads=config.heads,
        )
        for prefix, hidden in ((f"{at}.attention.output", attended), (f"{at}.output", "")):
            if not hidden:
                middle = f"{at}.intermediate.dense"
                bias = constant(f"{middle}.bias", tensor(f"{middle}.bias"))
                hidden = node("BiasGelu", [matmul(x, middle), bias], [f"{at}.gelu"])
            product = matmul(hidden, f"{prefix}.dense")
            bias = constant(f"{prefix}.dense.bias", tensor(f"{prefix}.dense.bias"))
            x = node(
                "SkipLayerNormalization",
                [product, x, *norm(f"{prefix}.LayerNorm"), bias],
                [f"{prefix}.x"],
                epsilon=eps,
            )
    whole = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["b", "s"])
        for name in ("ids", segments, "mask")
    ]
    out = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["b", "s", config.dim])
    graph = helper.make_graph(nodes, "bert", whole, [out], names)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return bytes(model.SerializeToString())


def onnxruntime_encoder(model: zcwasm.embed.Model, threads: int) -> Callable[[int], Encode] | None:
    try:
        import onnx  # noqa: F401
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        onnx_graph(zcwasm.Weights(model.weights.path), model.config),
        options,
        providers=["CPUExecutionProvider"],
    )

    def with_batches(batch: int) -> Encode:
        def encode(texts: Sequence[str]) -> Any:
            found = model.tokenize(texts)
            order = sorted(range(len(found)), key=lambda place: len(found[place]))
            out = np.empty((len(found), model.config.dim), np.float32)
            for start in range(0, len(order), batch):
                places = order[start : start + batch]
                longest = max(len(found[place]) for place in places)
                ids = np.zeros((len(places), longest), np.int32)
                mask = np.zeros_like(ids)
                for row, place in enumerate(places):
                    ids[row, : len(found[place])] = found[place]
                    mask[row, : len(found[place])] = 1
                [hidden] = session.run(None, {"ids": ids, "mask": mask, "segments": np.zeros_like(ids)})
                weights = mask.astype(np.float32)
                mean = np.einsum("bsd,bs->bd", hidden, weights) / weights.sum(1, keepdims=True)
                out[places] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
            return out

        return encode

    return with_batches


# --- sentence-transformers ---


def sentence_transformers_encoder(folder: Path, threads: int) -> Callable[[int], Encode] | None:
    try:
        import torch
        from sentence_transformers import SentenceTransformer, models  # type: ignore[import-not-found]
    except ImportError:
        return None
    torch.set_num_threads(threads)
    encoder = models.Transformer(str(folder))
    pooling = models.Pooling(encoder.get_embedding_dimension())
    model = SentenceTransformer(modules=[encoder, pooling, models.Normalize()], device="cpu")

    def with_batches(batch: int) -> Encode:
        return lambda texts: model.encode(list(texts), batch_size=batch, show_progress_bar=False)

    return with_batches


# --- beside each other ---


def fastest(make: Callable[[int], Encode], texts: Sequence[str]) -> tuple[str, Encode]:
    """The batch size at which a part of the texts takes least."""
    some = texts[: max(64, len(texts) // 8)]
    took = {}
    for batch in BATCHES:
        encode = make(batch)
        encode(some)
        took[batch] = common.calibrate(lambda count, encode=encode: [encode(some) for _ in range(count)], 0.5)
    best = max(took, key=lambda batch: took[batch])
    return f"batches of {best}", make(best)


def measure(threads: int, count: int, rounds: int) -> list[common.Row]:
    folder = fetch.fetch("all-minilm-l6-v2")
    texts = sentences(count)
    model = zcwasm.embed.Model.open(folder, zcwasm.Device("cpu", threads=threads))
    contenders: dict[str, Encode] = {"zcwasm": model.encode}
    ours = model.encode(texts[:64])
    makers = {
        "ONNX Runtime": onnxruntime_encoder(model, threads),
        "sentence-transformers": sentence_transformers_encoder(folder, threads),
    }
    for name, make in makers.items():
        if make is None:
            print(f"{name}: not installed")
            continue
        said, encode = fastest(make, texts)
        worst = float((np.asarray(encode(texts[:64])) * ours).sum(1).min())
        assert worst > 0.9999, f"{name}: cosine {worst}"
        contenders[f"{name}, {said}"] = encode
    runs = {
        name: lambda times, encode=encode: [encode(texts) for _ in range(times)]
        for name, encode in contenders.items()
    }
    times = common.interleave(runs, rounds=rounds, seconds=0.01, pause=0.2)
    mine = times.pop("zcwasm")
    what = f"{count} sentences, {threads} thread{'s' * (threads > 1)}"
    target = dict.fromkeys(times, 1.0)
    return common.compare(what, mine, times, work=count, unit="sentences/s", target=target)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=2000)
    options = parser.parse_args()
    for threads in options.threads:
        for row in measure(threads, options.sentences, options.rounds):
            print(
                f"{row.what}: zcwasm {row.value:,.0f} per second (best {row.best:,.0f}); {row.peer} "
                f"{row.peer_value:,.0f} (best {row.peer_best:,.0f}); {row.ratio:.2f}×, of best "
                f"{row.best_ratio:.2f}×",
                flush=True,
            )


if __name__ == "__main__":
    main()
