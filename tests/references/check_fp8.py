"""Compares folders of FP8 with scales: what zcwasm computes with what transformers does, which is told to
make numbers of them (dequantize) and to compute in float32.

    python tests/references/check_fp8.py ref/bin/python

ref/bin/python: that of make_families.py's environment, with accelerate and compressed-tensors; this one has
zcwasm and what its tests need. Blocks are whole ones, since transformers takes no others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

TOLERANCE = 1e-3
IDS = list(range(5, 45))
BLOCK = (16, 16)
# Family, quant_method, and what has a scale.
CASES = (
    ("llama", "fp8", "block"),
    ("qwen3", "fp8", "block"),
    ("qwen3_moe", "fp8", "block"),
    ("mixtral", "fp8", "block"),
    ("qwen3", "compressed-tensors", "tensor"),
    ("llama", "compressed-tensors", "channel"),
)
THEIRS = """
import json, sys, numpy, torch, transformers
folder, method, ids, out = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
if method == "fp8":
    config = transformers.FineGrainedFP8Config(dequantize=True)
else:
    config = transformers.CompressedTensorsConfig(dequantize=True)
model = transformers.AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.float32, attn_implementation="eager", quantization_config=config
)
with torch.no_grad():
    logits = model.eval()(torch.tensor([ids]), use_cache=False).logits[0, -1]
numpy.save(out, logits.numpy())
"""


def difference(python: Path, scratch: Path, family: str, method: str, shape: str) -> float:
    """The largest of a logit."""
    import family_models
    import fp8_models

    import zcwasm
    from zcwasm.llm import Model

    how: dict[str, Any] = {"suffix": "_scale", "said": fp8_models.compressed(shape)}
    if method == "fp8":
        how = {"suffix": "_scale_inv", "block": BLOCK, "said": fp8_models.fp8([*BLOCK])}
    said = {"dtype": "float32", "quantization_config": how.pop("said")}
    stored, _ = fp8_models.quantized(family_models.checkpoint(family), shape=shape, kind="F32", **how)
    folder = family_models.write_folder(scratch / "folder", family_models.config(family) | said, stored)
    model = Model.open(folder, zcwasm.Device("cpu"))
    with model.session(context=64, kv_dtype="f32", exact=True) as session:
        ours = np.array(session.logits(IDS))
    out = scratch / "theirs.npy"
    subprocess.run([python, "-c", THEIRS, folder, method, json.dumps(IDS), out], check=True)
    return float(np.abs(ours - np.load(out)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare folders of FP8 with transformers.")
    parser.add_argument("python", type=Path)
    python = parser.parse_args().python
    wrong = 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as scratch:
            largest = difference(python, Path(scratch), *case)
        wrong += not largest <= TOLERANCE
        print(f"{', '.join(case)}: largest difference of a logit {largest:.1e}", flush=True)
    sys.exit(f"{wrong} of {len(CASES)} differ" if wrong else 0)


if __name__ == "__main__":
    main()
