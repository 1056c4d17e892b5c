"""Keeps docs/reference/llm.md's table of families in step with zcwasm/llm/_families.py.

    python buildtools/families.py [--check]

It writes the table between its markers: what each family's graph has, how files are read, and which tiny
models of tests/references/families.json are compared with transformers. --check writes nothing and fails when
what is there differs. It needs the built package.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from zcwasm._models.hf_kinds import KINDS
from zcwasm.guests import layouts
from zcwasm.llm._families import FAMILIES, LAYER, POST, PRE, Family

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "llm.md"
REFERENCES = ROOT / "tests" / "references" / "families.json"

FEED_FORWARD = {
    layouts.LLAMA_FF_SILU: "SwiGLU",
    layouts.LLAMA_FF_GELU_TANH: "GeGLU (tanh)",
    layouts.LLAMA_FF_PLAIN_GELU: "GELU (erf)",
    layouts.LLAMA_FF_PLAIN_GELU_TANH: "GELU (tanh)",
    layouts.LLAMA_FF_SILU_CLAMPED: "SwiGLU, clamped",
}
QK_NORMS = {layouts.LLAMA_QK_HEAD: "of each head of q and k", layouts.LLAMA_QK_ROW: "of q and k"}


def norms(family: Family) -> str:
    kind = "layer norms" if family.norms & LAYER else "RMS norms"
    places = {PRE: "before", POST: "behind", PRE | POST: "before and behind"}[family.norms & (PRE | POST)]
    return f"{kind} {places}" + (f", and {QK_NORMS[family.qk_norm]}" if family.qk_norm else "")


def positions(family: Family) -> str:
    if family.rope_halves is None:
        return "learned"
    text = "RoPE in layers with a window alone" if family.rotates_windows else "RoPE"
    if family.unrotated_every:
        text += f", but in every {family.unrotated_every}th layer"
    if family.window_rope_base is not None:
        text += ", of another base in layers with a window"
    elif family.window_unscaled:
        text += ", unscaled in layers with a window"
    return text


def others(family: Family) -> str:
    found = []
    if family.window_period:
        text = f"windows in {family.window_period - 1} of {family.window_period} layers"
        # OLMo 2 has none, OLMo 3 has them.
        found.append(text + (", if there are any" if family.window_unscaled else ""))
    if family.sinks:
        found.append("attention sinks")
    if family.attention_softcap is not None:
        found.append("capped scores")
    if family.logit_softcap is not None:
        found.append("capped logits")
    if family.root_embedding_scale:
        found.append("scaled embeddings")
    if len(family.scales) > 1:
        found.append(f"scales of {', '.join(family.scales)}")
    if family.parallel != "no":
        found.append(
            "attention and feed-forward side by side" + ("" if family.parallel == "shared" else ", or not")
        )
    if family.has_experts:
        found.append("experts")
    if family.may_have_experts:
        found.append("experts, if there are any")
    if family.biases:
        found.append("biases")
    elif family.may_have_biases:
        found.append("biases, if there are any")
    return "; ".join(found)


def checked() -> dict[str, list[str]]:
    """The tiny models of each family."""
    found: dict[str, list[str]] = {name: [] for name in FAMILIES}
    for name, row in json.loads(REFERENCES.read_text("utf-8")).items():
        kind = row["config"]["model_type"]
        found[KINDS[kind].architecture].append(name)
    return found


def table() -> str:
    columns = ["general.architecture", "models", "model_type of folders", "norms", "feed-forward"]
    columns += ["positions", "and", "compared with transformers"]
    rows = ["| " + " | ".join(columns) + " |", "| --- " * len(columns) + "|"]
    models = checked()
    for name, family in FAMILIES.items():
        kinds = [f"`{kind}`" for kind, row in KINDS.items() if row.architecture == name]
        cells = [f"`{name}`", family.models, ", ".join(kinds) or "none"]
        cells += [norms(family), FEED_FORWARD[family.feed_forward], positions(family), others(family)]
        cells += [", ".join(models[name])]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def made() -> str:
    """The page as it has to be."""
    text = PAGE.read_text("utf-8")
    pattern = r"(<!-- families -->\n).*?(\n<!-- /families -->)"
    if len(re.findall(pattern, text, re.DOTALL)) != 1:
        raise SystemExit(f"{PAGE.name} has no markers for families")
    return re.sub(pattern, lambda found: found[1] + table() + found[2], text, flags=re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the documentation's table of families.")
    parser.add_argument("--check", action="store_true", help="compare with what is there, write nothing")
    options = parser.parse_args()
    text = made()
    if text == PAGE.read_text("utf-8"):
        return 0
    if options.check:
        print(f"{PAGE.relative_to(ROOT)} differs: run python buildtools/families.py", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
