"""Makes tokenizer.json: what transformers makes of hard text and of conversations with SmolLM2's tokenizer
and chat template, for tests/test_llm_tokenizer.py.

    python -m venv ref
    ref/bin/pip install transformers==5.24.0 gguf==0.19.0 torch==2.13.0
    ref/bin/python tests/references/make_tokenizer.py SmolLM2-135M-Instruct.Q4_1.gguf

transformers reads vocabulary, merges and template from the file, but does not know the file's pre-tokenizer
`smollm`; the model's own tokenizer.json has Digits(individual_digits=True) before ByteLevel, so that is put
in. llama.cpp (llama-cpp-python 0.3.36) gives the same ids for all of these texts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tokenizers import pre_tokenizers
from transformers import AutoTokenizer

TEXTS = [
    "",
    " ",
    "  ",
    "\n",
    "\t",
    "a",
    "Hello, world!",
    " leading and trailing  ",
    "1",
    "12345678901234567890",
    "3.14159e-10 0xFF 1,000,000 ²³¼ ٣٤٥ 五十",
    "\t\ttabs\t and \r\n lines\n\n\n\nmany\r\r",
    "x" + " " * 300 + "y",
    "\n" * 100 + " " * 17,
    "\xe4\xf6\xfc\xdf \xc4\xd6\xdc \xe9 e\u0301 \xf1 \xc5",
    "日本語のテキスト。中文字符,한국어 ไทย हिन्दी العربية עברית",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f9d1\U0001f3fd\u200d\U0001f680"
    " \U0001f1e9\U0001f1ea \u2764\ufe0f \U0001f937\U0001f3fe\u200d\u2642\ufe0f",
    "<|im_start|>user\nHi<|im_end|>\n<|endoftext|>",
    "<|im_start|><|im_start|> <|im_end|",
    "don't I'll we've it's they'RE YOU'D",
    "def f(x):\n    return x**2  # comment\n\n\n\tif x != None: pass",
    "https://example.org/a?b=c&d=%20#frag",
    "\x00\x01\x7f\x80\xa0\u2003\u200b\ufeff",
    "\ufffd\ufffe",
    "\U0001d518\U0001d52b\U0001d526\U0001d520\U0001d52c\U0001d521\U0001d522 \U00010348 \U0010fffd",
    "CamelCase snake_case kebab-case ALLCAPS",
    "Ġ Ċ ▁ <0x41> <s> </s>",
    "….—–“”‘’«»",
    "a\u200db c\xadx",
    "!!!???...;;;:::",
    "ﬁ ﬂ Ω Ω K",
    "word " * 200,
]

CONVERSATIONS = [
    [{"role": "user", "content": "Hi"}],
    [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "  Spaces \n\n kept? "},
        {"role": "assistant", "content": "Yes.\n"},
        {"role": "user", "content": "ümläut 👩‍🚀 {{ braces }} {% raw %}"},
    ],
    [{"role": "user", "content": ""}],
    [{"role": "tool", "content": "x"}, {"role": "user", "content": "y"}],
]


def main() -> None:
    parser = argparse.ArgumentParser(description="Make tests/references/tokenizer.json.")
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("tokenizer.json"))
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(str(options.gguf.parent), gguf_file=options.gguf.name)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    found = {
        "texts": [[text, tokenizer.encode(text, add_special_tokens=False)] for text in TEXTS],
        "conversations": [
            {
                "messages": messages,
                "text": tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True),
                "closed": tokenizer.apply_chat_template(messages, tokenize=False),
                "ids": tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False),
            }
            for messages in CONVERSATIONS
        ],
    }
    options.output.write_text(json.dumps(found, separators=(",", ":")) + "\n", "ascii")
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
