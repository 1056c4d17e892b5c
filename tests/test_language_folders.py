"""Language models in folders: how they are opened, what that costs, and what is refused. That they compute
what transformers does with the same files is in test_families.py."""

from __future__ import annotations

import dataclasses
import json
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

import family_models
from support import resident_bytes

import zcwasm
from zcwasm.llm import Model, PrefixCache, _chat

IDS = list(range(5, 45))
TEMPLATE = "{% for m in messages %}{{ bos_token }}{{ m.content }}{% endfor %}"


def write(path: Path, family: str = "gemma3", **options: Any) -> Path:
    config = family_models.config(family)
    return family_models.write_folder(path, config, family_models.checkpoint(family), **options)


def edit(path: Path, **changes: Any) -> None:
    """Keys of a JSON file; None: the key is not there."""
    found = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in found.items() if value is not None}))


def open_on_cpu(path: Path) -> Model:
    return Model.open(path, zcwasm.Device("cpu"))


def logits(model: Model) -> Any:
    with model.session(context=64) as session:
        return np.array(session.logits(IDS))


def test_opening_makes_vectors_and_copies_nothing_else(tmp_path: Path) -> None:
    whole = open_on_cpu(write(tmp_path / "whole"))
    before = zcwasm.copy_stats()
    model = open_on_cpu(write(tmp_path / "parts", kind="BF16", shards=3))
    after = zcwasm.copy_stats()
    made = [tensor for tensor in model.weights.tensors.values() if tensor.file == 3]
    assert all(len(tensor.shape) == 1 and tensor.type == "F32" for tensor in made)
    assert {name for name, count in after.items() if count != before[name]} == {"weights_made"}
    assert sum(tensor.nbytes for tensor in made) <= after["weights_made"] - before["weights_made"]
    assert all(t.type == "BF16" for t in model.weights.tensors.values() if len(t.shape) == 2)
    assert len(model.weights.paths) == 3
    # Gemma's norms are one more than the folder says.
    norm = family_models.checkpoint("gemma3")["model.norm.weight"]
    assert np.array_equal(model.weights["output_norm.weight"].array(), norm + 1)
    assert np.array_equal(logits(model), logits(whole))
    place = tmp_path / "parts"
    assert repr(model).startswith(f"<zcwasm.llm.Model '{place}': gemma3")


def test_sessions_are_saved_and_forked(tmp_path: Path) -> None:
    path = write(tmp_path / "folder", "qwen2", kind="BF16", shards=2)
    model = open_on_cpu(path)
    with model.session(context=64) as session:
        session.logits(IDS)
        (fork,) = session.fork(1)
        with fork:
            expected = np.array(fork.logits([*IDS, 3]))
        session.save(tmp_path / "saved")
    again = open_on_cpu(path)
    with again.load_session(tmp_path / "saved") as session:
        assert np.array_equal(session.logits([*IDS, 3]), expected)
    info = zcwasm.snapshot_info(tmp_path / "saved")
    assert info["weights"] == {"sha256": model.weights.sha256, "name": "folder"}
    # Of other vectors, in the same files but for these.
    other = open_on_cpu(write(tmp_path / "other", "qwen2", kind="BF16"))
    with pytest.raises(zcwasm.SnapshotError):
        other.load_session(tmp_path / "saved")


def test_weights_with_other_numbers_are_another_model(tmp_path: Path) -> None:
    """What is kept of one is not the other's: rows of the cache are rotated by config.json's angles."""
    path = write(tmp_path / "folder", "qwen2")
    kept = tmp_path / "kept"

    def first_step(model: Model) -> tuple[Any, int]:
        cache = PrefixCache(kept, least=8)
        with model.session(context=128, exact=True, prefix_cache=cache) as session:
            list(session.generate([*IDS, *IDS], max_new_tokens=1, ignore_eos=True))
            reused = session.usage.reused_tokens
            return np.array(session.logits([*IDS, *IDS, 3])), reused

    model = open_on_cpu(path)
    plain, _ = first_step(model)
    assert first_step(open_on_cpu(path))[1] == 79
    with model.session(context=64) as session:
        session.logits(IDS)
        session.save(tmp_path / "saved")
    edit(path / "config.json", rope_theta=500.0, rope_parameters=None)
    other = open_on_cpu(path)
    assert other.weights.sha256 == model.weights.sha256
    changed, reused = first_step(other)
    assert reused == 0
    assert np.abs(changed - plain).max() > 1e-3
    with pytest.raises(zcwasm.SnapshotError, match=r"other numbers in its config\.json"):
        other.load_session(tmp_path / "saved")
    assert first_step(other)[1] == 79
    assert first_step(model)[1] == 79  # neither takes the other's place


@pytest.mark.parametrize("family", ["llama-3", "llama-yarn", "phi3-long"])
def test_what_scales_angles_counts_as_a_number_of_the_model(tmp_path: Path, family: str) -> None:
    """Also what config.json has where GGUF files have a tensor: rows of the cache are rotated by it."""
    path = write(tmp_path / "folder", family)
    model = open_on_cpu(path)
    digest, said = model.config.digest, family_models.config(family)["rope_parameters"]
    assert open_on_cpu(path).config.digest == digest
    for name, value in said.items():
        if name not in ("factor", "low_freq_factor", "long_factor", "short_factor"):
            continue
        more = [each * 1.5 for each in value] if isinstance(value, list) else value * 1.5
        edit(path / "config.json", rope_parameters=said | {name: more})
        other = open_on_cpu(path)
        assert other.weights.sha256 == model.weights.sha256
        assert other.config.digest != digest, name
    # The last bits of what a system computes are not counted.
    scale = np.nextafter(model.config.attention_scale, 1)
    assert dataclasses.replace(model.config, attention_scale=float(scale)).digest == digest


def test_chat_templates(tmp_path: Path) -> None:
    def text(model: Model) -> str:
        return _chat.render(model.weights.metadata, [{"role": "user", "content": "hi"}])

    path = write(tmp_path / "folder", "llama")
    config = path / "tokenizer_config.json"
    with pytest.raises(zcwasm.ModelError, match=r"has no tokenizer\.chat_template"):
        text(open_on_cpu(path))
    edit(config, chat_template=TEMPLATE, bos_token={"content": "<|im_start|>"})
    assert text(open_on_cpu(path)) == "<|im_start|>hi"
    named = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": TEMPLATE}]
    edit(config, chat_template=named)
    assert text(open_on_cpu(path)) == "<|im_start|>hi"
    assert open_on_cpu(path).weights.metadata["tokenizer.chat_template.tool_use"] == "tools"
    (path / "chat_template.jinja").write_text("own")
    model = open_on_cpu(path)
    assert text(model) == "own"
    (path / "1_Pooling").mkdir()
    pooling = path / "1_Pooling" / "config.json"
    for said in ('{"pooling_mode_lasttoken": true}', '{"pooling_mode": "lasttoken"}'):
        pooling.write_text(said)
        with open_on_cpu(path) as model:
            assert np.array_equal(model.embed(["ab"]), model.embed(["ab"], pooling="last"))
    for said in (
        '{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}',
        '{"pooling_mode": "max"}',
    ):
        pooling.write_text(said)
        with pytest.raises(zcwasm.ModelError, match=r"1_Pooling.config\.json asks for"):
            open_on_cpu(path)
    pooling.unlink()
    (path / "generation_config.json").write_text('{"eos_token_id": [1, 2]}')
    assert {1, 2} <= open_on_cpu(path).tokenizer.stop_ids


Damage = Callable[[Path], object]


def tensors(path: Path, change: Callable[[dict[str, Any]], object], kind: str = "F32") -> None:
    """Write the folder's tensors anew, changed."""
    found: dict[str, Any] = dict(family_models.checkpoint("llama"))
    change(found)
    family_models.write_safetensors(path / "model.safetensors", found, kind)


def retyped(path: Path, name: str, dtype: str) -> None:
    """The name of another type of the same size."""
    data = (path / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    shape = header[name]["shape"]
    header[name] |= {"dtype": dtype, "shape": [shape[0] * (4 if dtype == "F8_E5M2" else 1), *shape[1:]]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])


def pipe(path: Path) -> None:
    """Which would be waited for without end."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


Q, NORM = "model.layers.0.self_attn.q_proj.weight", "model.norm.weight"
ONE = np.ones(1, np.float32)
DAMAGE: dict[str, tuple[Damage, str]] = {
    "no config": (lambda p: (p / "config.json").unlink(), "is a folder that has no config.json"),
    "adapter": (
        lambda p: (p / "config.json").rename(p / "adapter_config.json"),
        "holds an adapter (adapter_config.json), which has to be merged",
    ),
    "weights are Git LFS's": (
        lambda p: (p / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n"),
        "is a Git LFS pointer",
    ),
    "config is no JSON": (lambda p: (p / "config.json").write_text("{"), "config.json: is no JSON"),
    "config has many values": (
        lambda p: (p / "config.json").write_text("[" + "[]," * (1 << 22) + "[]]"),
        "config.json: has more than 4194304 values",
    ),
    "config is a list": (lambda p: (p / "config.json").write_text("[]"), "config.json: holds no JSON object"),
    "encoder": (lambda p: edit(p / "config.json", model_type="bert"), "for zcwasm.embed.Model.open"),
    "unknown key": (lambda p: edit(p / "config.json", surprise=1), "surprise"),
    "no weights": (lambda p: (p / "model.safetensors").unlink(), "has no model.safetensors"),
    "weights are GGUF": (lambda p: (p / "model.safetensors").write_bytes(b"GGUF" * 9), "is no safetensors"),
    "unknown tensor": (lambda p: tensors(p, lambda t: t.update(x=ONE)), "tensor x is not known"),
    "scale of FP8": (
        lambda p: tensors(p, lambda t: t.update({Q + "_scale_inv": ONE})),
        f"tensor {Q}_scale_inv is not known",
    ),
    "FP8": (lambda p: retyped(p, Q, "F8_E5M2"), "blk.0.attn_q.weight: its type is F8_E5M2"),
    "ints": (lambda p: retyped(p, NORM, "I32"), "output_norm.weight: its type is I32"),
    "missing tensor": (lambda p: tensors(p, lambda t: t.pop(Q)), "folder: tensor blk.0.attn_q.weight is"),
    "a vector for a matrix": (lambda p: tensors(p, lambda t: t.update({Q: ONE})), "attn_q.weight is (1)"),
    "a matrix for a vector": (
        lambda p: tensors(p, lambda t: t.update({NORM: np.ones((2, 2), np.float32)})),
        "tensor output_norm.weight is (2, 2)",
    ),
    "vectors of nothing": (
        lambda p: tensors(p, lambda t: t.update({each: ONE[:0] for each in t if "norm" in each}), "BF16"),
        "norm.weight is (0), must be (64)",
    ),
    "config is a pipe": (lambda p: pipe(p / "config.json"), "config.json: is not a plain file"),
    "template is a pipe": (
        lambda p: pipe(p / "chat_template.jinja"),
        "chat_template.jinja: is not a plain file",
    ),
    "template is a number": (lambda p: edit(p / "tokenizer_config.json", chat_template=5), "is neither"),
    "template is no text": (lambda p: (p / "chat_template.jinja").write_bytes(b"\xff"), "is not UTF-8"),
    "template is large": (
        lambda p: (p / "chat_template.jinja").write_bytes(b" " * (2 << 20)),
        "chat_template.jinja: has more than",
    ),
    "tokenizer_config": (lambda p: (p / "tokenizer_config.json").write_text("[]"), "holds no JSON object"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_folders(tmp_path: Path, what: str) -> None:
    damage, words = DAMAGE[what]
    path = write(tmp_path / "folder", "llama")
    open_on_cpu(path).close()
    damage(path)
    with pytest.raises(zcwasm.ModelError) as caught:
        open_on_cpu(path)
    assert words in str(caught.value)


def test_a_folder_with_gguf_files_names_one(tmp_path: Path) -> None:
    family_models.family_gguf(tmp_path / "x.gguf", "llama")
    with pytest.raises(zcwasm.ModelError, match=r"open x\.gguf in it"):
        open_on_cpu(tmp_path)


# ---- cost ----


def holes(folder: Path, layers: int, vector: int | None = None) -> Path:
    """A folder of Llama 3's 8B with so many layers, in bfloat16: headers, and holes. vector: elements of the
    last norm."""
    dim, ff, vocab = 4096, 14336, 128256
    shapes: dict[str, list[int]] = {"model.embed_tokens.weight": [vocab, dim], "lm_head.weight": [vocab, dim]}
    for layer in range(layers):
        block = f"model.layers.{layer}."
        for name, shape in {
            "self_attn.q_proj": [dim, dim],
            "self_attn.k_proj": [1024, dim],
            "self_attn.v_proj": [1024, dim],
            "self_attn.o_proj": [dim, dim],
            "mlp.gate_proj": [ff, dim],
            "mlp.up_proj": [ff, dim],
            "mlp.down_proj": [dim, ff],
            "input_layernorm": [dim],
            "post_attention_layernorm": [dim],
        }.items():
            shapes[f"{block}{name}.weight"] = shape
    shapes[NORM] = [vector or dim]
    names, index = list(shapes), {}
    folder.mkdir()
    for shard in range(4):
        header, at = {}, 0
        file = f"model-{shard}.safetensors"
        for name in names[shard * len(names) // 4 : (shard + 1) * len(names) // 4]:
            size = 2 * int(np.prod(shapes[name]))
            header[name] = {"dtype": "BF16", "shape": shapes[name], "data_offsets": [at, at + size]}
            at += size
            index[name] = file
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / file, "wb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            out.truncate(out.tell() + at)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    config = family_models.config("llama")
    config |= {"hidden_size": dim, "intermediate_size": ff, "vocab_size": vocab, "num_hidden_layers": layers}
    config |= {"num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128}
    (folder / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    return folder


@pytest.mark.footprint
def test_opening_costs_little(tmp_path: Path) -> None:
    cpu = zcwasm.Device("cpu")
    path = holes(tmp_path / "large", 15)
    Model.open(holes(tmp_path / "small", 1), cpu, pack=False)
    before, began = resident_bytes(), time.perf_counter()
    model = Model.open(path, cpu, pack=False)
    seconds, grown = time.perf_counter() - began, resident_bytes() - before
    print(f"{model.weights.nbytes:,} bytes opened in {seconds:.3f} s, {grown >> 10} KiB more resident")
    assert model.weights.nbytes > 8e9
    assert seconds < 1
    assert grown < 100 << 20
    assert sum(os.stat(file).st_blocks for file in path.iterdir()) < 1 << 12


def test_vectors_are_limited(tmp_path: Path) -> None:
    """Of a file that says that a norm is as large as a matrix."""
    with pytest.raises(zcwasm.ModelError, match="more than a vector may have"):
        open_on_cpu(holes(tmp_path / "long", 1, vector=1 << 28))


def test_a_folder_that_embeds_is_served(tmp_path: Path) -> None:
    """Not taken for an encoder's, as folders of sentence-transformers are."""
    pytest.importorskip("tokenizers", reason="zcwasm.embed needs tokenizers, which is not installed")
    from zcwasm import embed
    from zcwasm._serve_command import open_embedder

    path = write(tmp_path / "folder", "qwen3")
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling" / "config.json").write_text('{"pooling_mode_lasttoken": true}')
    device = zcwasm.Device("cpu")
    with open_embedder(str(path), device) as model:
        assert isinstance(model, Model)
    with pytest.raises(zcwasm.ModelError, match=r"a language model's: the embed\(\) of zcwasm.llm.Model"):
        embed.Model.open(path, device)
