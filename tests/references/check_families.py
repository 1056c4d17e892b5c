"""Compares family_models.py's GGUF files with what llama.cpp's own converter makes of the folders.

    ref/bin/python tests/references/check_families.py llama_cpp_python-0.3.36/vendor/llama.cpp

with the environment of make_families.py and the package sentencepiece. The folder is the root of llama.cpp's
sources. Names and sizes in general.* are left out, and the vocabulary. gpt-oss comes twice, also with experts
in MXFP4, which transformers must unpack to the numbers that they were made of.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

# What only describes, and what family_models.py says that it adds.
LEFT_OUT = ("general.name", "general.basename", "general.version", "general.size_label", "tokenizer.")
ADDED = {
    "mistral": {"llama.attention.sliding_window"},
    "starcoder2": {"starcoder2.attention.sliding_window"},
    "qwen2-windows": {"qwen2.attention.sliding_window", "qwen2.attention.sliding_window_pattern"},
    "gemma2-scaled": {"gemma2.attention.scale"},
}


def converted(folder: Path, path: Path, config: dict[str, Any]) -> None:
    import gguf
    import torch
    from conversion import get_model_class

    known = get_model_class(config["architectures"][0])
    known = getattr(known, "Ministral3Model", known)  # the other one chooses between two
    without_vocabulary = {"set_vocab": lambda self: None, "model_arch": known.model_arch}
    with torch.inference_mode():
        model = type("Converter", (known,), without_vocabulary)(folder, gguf.LlamaFileType.ALL_F32, path)
        # Names of transformers 4 that it still asks for.
        if config["model_type"] == "gpt_neox":
            model.hparams["rotary_pct"] = config["rope_parameters"]["partial_rotary_factor"]
        if config["model_type"] == "cohere2":
            model.hparams["rotary_pct"] = 1.0
        if config["model_type"] == "gpt2":
            model.hparams["n_ctx"] = config["n_positions"]
        model.write()


def check_unpacked(tensors: dict[str, Any], packed: dict[str, Any]) -> None:
    import torch
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors

    for name in tensors:
        if f"{name}_blocks" in packed:
            parts = [packed[name + end] for end in ("_blocks", "_scales")]
            bytes_of = [np.frombuffer(part.data, np.uint8).reshape(part.shape) for part in parts]
            found = convert_moe_packed_tensors(*map(torch.tensor, bytes_of), dtype=torch.float32)
            if not np.array_equal(found.numpy(), tensors[name]):
                sys.exit(f"{name}: transformers unpacks other numbers")


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    import gguf

    reader = gguf.GGUFReader(path)
    fields = {
        key: (field.types[0].name, field.contents())
        for key, field in reader.fields.items()
        if not key.startswith(("GGUF.", *LEFT_OUT))
    }
    return fields, {tensor.name: np.array(tensor.data) for tensor in reader.tensors}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare with llama.cpp's converter.")
    parser.add_argument("llama_cpp", type=Path)
    root = parser.parse_args().llama_cpp
    sys.path[:0] = [str(root), str(root / "gguf-py")]
    import family_models

    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        for family in (*family_models.table(), "gpt_oss-mxfp4"):
            packed = family == "gpt_oss-mxfp4"
            name = family.removesuffix("-mxfp4")
            config, tensors = family_models.config(name), family_models.checkpoint(name)
            if packed:
                config["quantization_config"] = {"quant_method": "mxfp4"}
                check_unpacked(tensors, family_models.in_four_bits(tensors))
                tensors = family_models.in_four_bits(tensors)
            folder = family_models.write_folder(Path(scratch) / family, config, tensors)
            converted(folder, Path(scratch) / f"{family}-theirs.gguf", config)
            write = family_models.gguf_in_four_bits if packed else family_models.family_gguf
            write(Path(scratch) / f"{family}.gguf", name)
            theirs, their_tensors = read(Path(scratch) / f"{family}-theirs.gguf")
            ours, our_tensors = read(Path(scratch) / f"{family}.gguf")
            for key in ADDED.get(family, ()):
                del ours[key]
            differ = [
                f"{key}: {ours.get(key)} for {theirs.get(key)}"
                for key in sorted(set(ours) | set(theirs))
                if ours.get(key) != theirs.get(key)
            ]
            for name in sorted(set(our_tensors) | set(their_tensors)):
                one, other = our_tensors.get(name), their_tensors.get(name)
                if one is None or other is None or one.shape != other.shape:
                    differ.append(
                        f"{name}: {getattr(one, 'shape', None)} for {getattr(other, 'shape', None)}"
                    )
                # Only factors are computed, by them in float32.
                elif not np.allclose(one, other, rtol=1e-6 if name.startswith("rope") else 0, atol=0):
                    differ.append(f"{name}: differs by {np.abs(one - other).max()}")
            wrong += bool(differ)
            print(f"{family}: {len(theirs)} entries, {len(their_tensors)} tensors", *differ, sep="\n    ")
    sys.exit(f"{wrong} families differ" if wrong else 0)


if __name__ == "__main__":
    main()
