"""Has llama.cpp's converter make GGUF files of the tiny encoders of encoders.json, and compares tensors and
numbers with those of encoder_models.write_gguf.

    ref/bin/pip install torch==2.14.1 transformers==5.24.0 safetensors gguf==0.19.0 tokenizers sentencepiece
    ref/bin/python tests/references/check_encoders.py LLAMA_CPP [--keep FOLDER]

LLAMA_CPP: vendor/llama.cpp of the sdist of llama-cpp-python 0.3.36. Vocabularies are left out: it would want
tokenizers that it knows by their hashes. --keep: where its files go, without a vocabulary.
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
ENCODERS = ("bert", "xlm-roberta", "nomic", "modernbert", "modernbert-silu")
SCORERS = ("bert-scores", "xlm-roberta-scores", "modernbert-scores")
CLASSES = {"nomic": "NomicBertModel"}
# It leaves out a BERT's pooler.
WITHOUT = {"bert-scores": ("cls.weight", "cls.bias")}


def converted(folder: Path, path: Path, name: str, architecture: str) -> None:
    import encoder_models
    import gguf
    import torch
    from conversion import get_model_class

    known = get_model_class(architecture)
    own = {
        "set_vocab": lambda self: None,
        "model_arch": known.model_arch,
        "_xlmroberta_set_vocab": lambda self: None,
    }
    with torch.inference_mode():
        options: dict[str, Any] = {}
        if name == "nomic":  # it knows two models by their sizes
            hparams = {"architectures": [architecture], "n_positions": 8192, "max_trained_positions": 2048}
            options["hparams"] = encoder_models.table()[name]["config"] | hparams
        type("Converter", (known,), own)(folder, gguf.LlamaFileType.ALL_F32, path, **options).write()


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    import gguf

    reader = gguf.GGUFReader(path)
    fields = {
        key: field.contents()
        for key, field in reader.fields.items()
        if not key.startswith(("GGUF.", "general.", "tokenizer."))
    }
    return fields, {tensor.name: np.array(tensor.data) for tensor in reader.tensors}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare with llama.cpp's converter.")
    parser.add_argument("llama_cpp", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    sys.path[:0] = [str(options.llama_cpp), str(options.llama_cpp / "gguf-py")]
    import encoder_models

    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        where = options.keep or Path(scratch)
        for name in (*ENCODERS, *SCORERS):
            folder = encoder_models.write_folder(Path(scratch) / name, name)
            if name in ENCODERS:
                (folder / "1_Pooling").mkdir()
                (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
                (folder / "modules.json").write_text(
                    '[{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]'
                )
            architecture = CLASSES.get(name) or encoder_models.table()[name]["config"]["architectures"][0]
            converted(folder, where / f"{name}-theirs.gguf", name, architecture)
            theirs, their_tensors = read(where / f"{name}-theirs.gguf")
            if name == "nomic":
                theirs["nomic-bert.context_length"] = 60
            written = encoder_models.write_gguf(
                Path(scratch) / f"{name}.gguf", name, without=WITHOUT.get(name, ())
            )
            ours, our_tensors = read(written)
            differ = [
                f"{key}: {ours.get(key)} for {theirs.get(key)}"
                for key in sorted(set(ours) | set(theirs))
                if ours.get(key) != theirs.get(key)
            ]
            for tensor in sorted(set(our_tensors) | set(their_tensors)):
                one, other = our_tensors.get(tensor), their_tensors.get(tensor)
                if one is None or other is None or not np.array_equal(one, other):
                    differ.append(f"{tensor} differs")
            wrong += bool(differ)
            print(f"{name}: {len(theirs)} entries, {len(their_tensors)} tensors", *differ, sep="\n    ")
    sys.exit(f"{wrong} encoders differ" if wrong else 0)


if __name__ == "__main__":
    main()
