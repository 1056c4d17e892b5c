"""Compares folders of FP8 with scales: what zcwasm computes with what transformers does, which is told to
make numbers of them (dequantize) and to compute in float32.

    python tests/references/check_fp8.py ref/bin/python

ref/bin/python: that of make_families.py's environment, with accelerate; this one has zcwasm and what its
tests need. Blocks are whole ones, since transformers takes no others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

TOLERANCE = 1e-3
IDS = list(range(5, 45))
THEIRS = """
import json, sys, numpy, torch, transformers
folder, ids = sys.argv[1], json.loads(sys.argv[2])
config = transformers.FineGrainedFP8Config(dequantize=True, weight_block_size=json.loads(sys.argv[3]))
model = transformers.AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.float32, attn_implementation="eager", quantization_config=config
)
with torch.no_grad():
    logits = model.eval()(torch.tensor([ids]), use_cache=False).logits[0, -1]
numpy.save(sys.argv[4], logits.numpy())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare folders of FP8 with transformers.")
    parser.add_argument("python", type=Path)
    python = parser.parse_args().python
    import family_models
    import fp8_models

    import zcwasm
    from zcwasm.llm import Model

    wrong = 0
    for family in ("llama", "qwen3", "qwen3_moe", "mixtral"):
        block = (16, 16)
        with tempfile.TemporaryDirectory() as scratch:
            stored, _ = fp8_models.quantized(
                family_models.checkpoint(family), suffix="_scale_inv", shape="block", block=block, kind="F32"
            )
            said = {"dtype": "float32", "quantization_config": fp8_models.fp8([*block])}
            folder = family_models.write_folder(
                Path(scratch) / family, family_models.config(family) | said, stored
            )
            model = Model.open(folder, zcwasm.Device("cpu"))
            with model.session(context=64, kv_dtype="f32", exact=True) as session:
                ours = np.array(session.logits(IDS))
            out = Path(scratch) / "theirs.npy"
            arguments = [str(folder), json.dumps(IDS), json.dumps(block), str(out)]
            subprocess.run([python, "-c", THEIRS, *arguments], check=True)
            largest = float(np.abs(ours - np.load(out)).max())
        wrong += not largest <= TOLERANCE
        print(f"{family}: largest difference of a logit {largest:.1e}")
    sys.exit(f"{wrong} families differ" if wrong else 0)


if __name__ == "__main__":
    main()
