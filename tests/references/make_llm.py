"""Makes llm.npz: what float32 transformers computes with SmolLM2-135M, for tests/test_llm_reference.py.

    python -m venv ref
    ref/bin/pip install torch==2.13.0 transformers==5.24.0 gguf==0.19.0 accelerate
    ref/bin/python tests/references/make_llm.py SmolLM2-135M-Instruct.Q4_1.gguf

The GGUF is the one that `zcwasm.llm` fetches as smollm2-135m. transformers dequantizes it to float32; that
its weights are those of the `gguf` package's own dequantizer, bit for bit, is checked here on a tensor of
each kind. Attention is the eager one, so that every step is a plain float32 operation. Nothing of zcwasm
takes part. It takes some minutes.

Contents of llm.npz, with p prompts for logits and g for greedy continuations:
    file_sha256            of the GGUF
    prompt_0 …             int32 ids, lengths differ
    logits_0 …             float32 (vocabulary): the row of the prompt's last position
    greedy_prompt_0 …      int32 ids
    greedy_ids             int32 (g, 48): the continuation that takes the largest logit at each step
    greedy_margins         float32 (g, 48): largest minus second largest logit at that step
    greedy_second          int32 (g, 48): the id of the second largest
    greedy_top             float32 (g, 48): the largest logit
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers
from gguf.quants import dequantize

NEW_TOKENS = 48

STORY = """\
The lighthouse keeper counted the ships that passed, and wrote each of them down in a long grey book. On \
the first page stood the names of vessels that nobody alive had seen: barques and brigs, a whaler with a \
broken mast, a packet boat that carried letters and oranges. He had copied those lines from an older \
book, because the paper of the older one was falling apart, and because his father had asked him to. \
Every evening, when the lamp was lit and the clockwork had been wound, he read one page aloud to the \
cat. The cat slept. Outside, the water moved as it always did, and the light went round, and round \
again, over rocks, over foam, over the small harbour with its nets hung out to dry. In the winter of the \
great storm, a ship came that was not in any register. It had no flag and no name on its bow, and it lay \
at anchor for three days without a sound. On the fourth morning a boat was lowered. In it sat a woman in \
a yellow coat, who rowed with long, even strokes, as people do who have rowed all their lives. She tied \
the boat to the iron ring, climbed the stairs, knocked at the door, and said: "I have come about the \
book. There is a page in it that belongs to us, and we would like to read it, if you please, before the \
tide turns." The keeper looked at her for a while. Then he put the kettle on, because that was what his \
father would have done, and"""

LOGITS_PROMPTS = [
    "Hello",
    "The capital of France is",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    "<|im_start|>user\nWhy is the sky blue? Answer in one sentence.<|im_end|>\n<|im_start|>assistant\n",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. 東京は日本の首都です。 🧑‍🚀👩🏽‍🔬 "
    "— «naïve» café; \t\ttabs,\n\n\nnewlines,     spaces. "
    "Привет, мир! Γειά σου Κόσμε. مرحبا بالعالم. नमस्ते दुनिया.",
    STORY,
]

GREEDY_PROMPTS = [
    "Once upon a time",
    "The capital of France is",
    "The three most important ideas in computer science are",
    "Water boils at",
    "import numpy as np\n\ndef softmax(x):\n",
    "Q: What is the largest planet of the solar system?\nA:",
    "Dear Sir or Madam,\n\n",
    "1, 1, 2, 3, 5, 8,",
    "<|im_start|>user\nWrite a haiku about the sea.<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nExplain what a GPU does, to a child.<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nName four colours.<|im_end|>\n<|im_start|>assistant\n",
    STORY,
]


def load(path: Path) -> tuple[transformers.PreTrainedModel, transformers.PreTrainedTokenizerBase]:
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(path.parent), gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    return model.eval(), tokenizer


def check_weights(model: transformers.PreTrainedModel, path: Path) -> None:
    """transformers' weights are the file's. Rows of Q and K lie in llama.cpp's order of rotated pairs."""
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    state = model.state_dict()
    heads = {"attn_q": model.config.num_attention_heads, "attn_k": model.config.num_key_value_heads}
    for theirs, ours in {
        "token_embd.weight": "model.embed_tokens.weight",
        "blk.0.attn_q.weight": "model.layers.0.self_attn.q_proj.weight",
        "blk.7.attn_k.weight": "model.layers.7.self_attn.k_proj.weight",
        "blk.29.attn_v.weight": "model.layers.29.self_attn.v_proj.weight",
        "blk.3.attn_output.weight": "model.layers.3.self_attn.o_proj.weight",
        "blk.3.ffn_gate.weight": "model.layers.3.mlp.gate_proj.weight",
        "blk.3.ffn_up.weight": "model.layers.3.mlp.up_proj.weight",
        "blk.3.ffn_down.weight": "model.layers.3.mlp.down_proj.weight",
        "blk.3.ffn_norm.weight": "model.layers.3.post_attention_layernorm.weight",
        "output_norm.weight": "model.norm.weight",
    }.items():
        weight = dequantize(tensors[theirs].data, tensors[theirs].tensor_type)
        for part, count in heads.items():
            if part in theirs:
                rows, cols = weight.shape
                weight = weight.reshape(count, rows // count // 2, 2, cols).swapaxes(1, 2).reshape(rows, cols)
        if not np.array_equal(weight, state[ours].numpy()):
            sys.exit(f"{theirs}: transformers' weights differ from those of gguf.quants")


@torch.no_grad()
def last_row(model: transformers.PreTrainedModel, ids: list[int]) -> np.ndarray:
    return model(torch.tensor([ids])).logits[0, -1].numpy()


@torch.no_grad()
def greedy(model: transformers.PreTrainedModel, ids: list[int]) -> list[tuple[int, float, int, float]]:
    """(id, margin, second id, its logit) of each of the next tokens."""
    found = []
    result = model(torch.tensor([ids]), use_cache=True)
    for _ in range(NEW_TOKENS):
        top = result.logits[0, -1].topk(2)
        best, second = (int(index) for index in top.indices)
        found.append((best, float(top.values[0] - top.values[1]), second, float(top.values[0])))
        result = model(torch.tensor([[best]]), past_key_values=result.past_key_values, use_cache=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Make tests/references/llm.npz.")
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("llm.npz"))
    options = parser.parse_args()
    model, tokenizer = load(options.gguf)
    check_weights(model, options.gguf)
    arrays = {"file_sha256": np.array(hashlib.sha256(options.gguf.read_bytes()).hexdigest())}
    for index, prompt in enumerate(LOGITS_PROMPTS):
        ids = tokenizer.encode(prompt, add_special_tokens=False)
        arrays[f"prompt_{index}"] = np.array(ids, np.int32)
        arrays[f"logits_{index}"] = last_row(model, ids)
        print(f"logits {index}: {len(ids)} tokens")
    found = []
    for index, prompt in enumerate(GREEDY_PROMPTS):
        ids = tokenizer.encode(prompt, add_special_tokens=False)
        arrays[f"greedy_prompt_{index}"] = np.array(ids, np.int32)
        found.append(greedy(model, ids))
        margins = [margin for _, margin, _, _ in found[-1]]
        text = tokenizer.decode([best for best, *_ in found[-1]])
        print(f"greedy {index}: {len(ids)} tokens, smallest margin {min(margins):.4f}, {text[:60]!r}")
    columns = list(zip(*(zip(*steps, strict=True) for steps in found), strict=True))
    arrays["greedy_ids"] = np.array(columns[0], np.int32)
    arrays["greedy_margins"] = np.array(columns[1], np.float32)
    arrays["greedy_second"] = np.array(columns[2], np.int32)
    arrays["greedy_top"] = np.array(columns[3], np.float32)
    np.savez_compressed(options.output, **arrays)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
