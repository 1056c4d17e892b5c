r"""How byte-level vocabularies cut text before merging: what a GGUF file's tokenizer.ggml.pre means.

The names are llama.cpp's, which its converter writes. What they mean is here as the models' own
tokenizer.json files have it, where that is known, and else as llama.cpp does it. The two differ in texts that
their programs read differently (such as \s of U+0085), and in what llama.cpp leaves out: it composes no
characters (NFC).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# Steps that the library knows by themselves; every other step is an expression, whose matches are pieces.
GPT2 = "gpt2"
DIGITS = "digits"  # each by itself
_DIGIT_RUNS = "digit runs"
_PUNCTUATION = "punctuation"  # runs of it


@dataclass(frozen=True)
class Cut:
    """One step after the other cuts what those before it left."""

    steps: tuple[str, ...]
    #: A piece that is a token is that token, whatever the merges say.
    ignore_merges: bool = False
    #: Whether texts begin with bos_id if the file does not say.
    add_bos: bool = False
    #: Characters are composed first (Unicode's form C).
    composed: bool = False
    #: Tokens are the text's own characters, its spaces U+2581, and <0x0A> for bytes of what is no token:
    #: SentencePiece's, with merges by rank. Else GPT-2's stand-ins of bytes.
    raw: bool = False

    def pre_tokenizer(self) -> Any:
        from tokenizers import Regex, pre_tokenizers

        made: list[Any] = []
        for step in self.steps:
            if step == GPT2:
                made.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True))
            elif step in (DIGITS, _DIGIT_RUNS):
                made.append(pre_tokenizers.Digits(individual_digits=step == DIGITS))
            elif step == _PUNCTUATION:
                made.append(pre_tokenizers.Punctuation(behavior="contiguous"))
            else:
                made.append(pre_tokenizers.Split(Regex(step), behavior="isolated"))
        if GPT2 not in self.steps:
            made.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
        return pre_tokenizers.Sequence(made)


# What many expressions have in common.
_APOSTROPHES = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_LETTERS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_SIGNS = r" ?[^\s\p{L}\p{N}]+[\r\n]*"
_SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
# Words of which capitals are only the beginning.
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CASED = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+~|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*~"
_CJK = "[一-龥\u3040-ゟ゠-ヿ]+"
_DEEPSEEK_CJK = "[一-龥ࠀ-一가-\ud7ff]+"


def _join(*alternatives: str) -> str:
    return "|".join(alternatives)


_LLAMA3 = _join(_APOSTROPHES, _LETTERS, r"\p{N}{1,3}", _SIGNS, _SPACES)
_QWEN2 = _join(_APOSTROPHES, _LETTERS, r"\p{N}", _SIGNS, _SPACES)
_QWEN35 = _join(
    _APOSTROPHES, r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+", r"\p{N}", r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*", _SPACES
)
_JAIS2 = _join(
    _APOSTROPHES,
    _LETTERS,
    r"\p{N}{1,3}",
    _SIGNS,
    r"\s*[\r\n]+",
    *(rf"\s{{{count}}}(?!\S)" for count in (512, 256, 128, 64, 32, 16, 8, 4)),
    r"\s{1,2}(?!\S)|\s{1}",
)
_TEKKEN = _join(_CASED.replace("~", ""), r"\p{N}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", _SPACES)
_GPT4O = _join(_CASED.replace("~", f"{_APOSTROPHES}?"), r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", _SPACES)
_YOUTU = (
    _join("[가-힣ㄱ-ㆎ]+", "[！…“”‘’—：；，、-〿︰-﹏]+", "[ㄅ-ㄯ]+", _CJK),
    _join(_CASED.replace("~", f"{_APOSTROPHES}?"), r"\p{N}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", _SPACES),
)
_KIMI = _join(
    r"[\p{Han}]+",
    _CASED.replace(r"\p{M}]", r"\p{M}&&[^\p{Han}]]").replace("~", f"{_APOSTROPHES}?"),
    r"\p{N}{1,3}",
    _SIGNS,
    _SPACES,
)
_DEEPSEEK_LLM = (
    r"[\r\n]",
    r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕ"
    r"ἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛ"
    r"Ꜣ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+",
    "\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+",
    r"\s+$",
    _DEEPSEEK_CJK,
    DIGITS,
)
_DEEPSEEK_CODER = (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _DEEPSEEK_CJK, DIGITS)
_MARKED = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+"
)
_DEEPSEEK3 = (r"\p{N}{1,3}", _CJK, _join(rf"{_MARKED}[\r\n]*", _SPACES))
_SPARK = (r"\p{N}{1,3}", _CJK, _join(_MARKED, r"[\r\n]|\s+(?!\S)|\s+"), DIGITS)
# Digits in threes, counted from the last. The originals look ahead from every digit to the last one, which
# takes the square of their number; here only from the first one.
_THREES = r"(?<!\p{N})\p{N}{1,2}(?=(?:\p{N}{3})+(?!\p{N}))|\p{N}{1,3}"
# The same where a word ends behind them; \G is where the one before ended.
_THREES_OF_A_WORD = r"(?<!\d)\d{1,3}(?=(?:\d{3})*\b)|\G(?<=\d)\d{3}"
# Of a run of numbers, of which the original leaves fractions and small figures where they are.
_THREES_OF_A_RUN = r"(?<!\d)\d{1,2}(?=(?:\d{3})+(?!\d))|\d{3}"
_AFMOE = (
    _THREES,
    "[一-鿿㐀-䶿豈-\ufaff\u3040-ゟ゠-ヿ･-ﾟ⼀-\u2fdfเ-\u0e7f\u0e80-\u0effក-\u17ffက-႟ꩠ-ꩿꧠ-\ua9ff가-\ud7afᄀ-ᇿ]+",
    _join(rf"{_MARKED}[\r\n]*", _SPACES),
)
_BLOOM = r" ?[^(\s|.,!?…。，、।۔،)]+"
_CHAMELEON = (
    r"<sentinel:[0-9]+>",
    r"(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
    r"([\t\n]|    |  )",
    DIGITS,
    r"[\p{P}!-/:-@\[-`{-~]",
    GPT2,
)

_GPT2_CUT = Cut((GPT2,))
_DIGITS_GPT2_CUT = Cut((DIGITS, GPT2))
_QWEN2_CUT = Cut((_QWEN2,), composed=True)
_LLAMA3_CUT = Cut((_LLAMA3,))
_DEEPSEEK3_CUT = Cut(_DEEPSEEK3)
_GPT4O_CUT = Cut((_GPT4O,))
#: Gemma's: merges are ranked, everything else is as SentencePiece has it.
GEMMA = Cut((), raw=True, add_bos=True)


def _named(names: str, cut: Cut) -> dict[str, Cut]:
    return dict.fromkeys(names.split(), cut)


#: tokenizer.ggml.pre, as converters write it.
CUTS: dict[str, Cut] = {
    # llama.cpp's rule for a file that does not say
    "default": Cut(
        (
            r"[\p{P}\$\+<=>\^~\|]+",
            r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
            r"\p{N}+",
            r"[0-9][0-9][0-9]",
        )
    ),
    **_named(
        "gpt-2 gpt2 phi-2 jina-es jina-de jina-v1-en jina-v2-es jina-v2-de jina-v2-code roberta-bpe gigachat "
        "a.x-4.0 mellum exaone4 jais trillion granite-docling",
        _GPT2_CUT,
    ),
    **_named("olmo mpt modern-bert", replace(_GPT2_CUT, composed=True)),
    **_named("smollm starcoder refact codeshell exaone minerva-7b mellum2", _DIGITS_GPT2_CUT),
    "command-r": replace(_DIGITS_GPT2_CUT, composed=True),
    "falcon": Cut((_PUNCTUATION, GPT2, _DIGIT_RUNS, r"[0-9][0-9][0-9]")),
    **_named(
        "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
        replace(_LLAMA3_CUT, ignore_merges=True, add_bos=True),
    ),
    **_named("glm4 glm5", replace(_LLAMA3_CUT, ignore_merges=True)),
    **_named("chatglm-bpe dbrx smaug-bpe", _LLAMA3_CUT),
    "jais-2": Cut((_JAIS2,)),
    **_named("qwen2 deepseek-r1-qwen megrez f2llmv2 stablelm2", _QWEN2_CUT),
    **_named("kormo hunyuan solar-open grok-2", replace(_QWEN2_CUT, composed=False)),
    "qwen35": Cut((_QWEN35,), composed=True),
    "ufakzeka": Cut((_join(_LETTERS, r"\p{N}", _SIGNS, _SPACES),)),
    "laguna": Cut((r"[^\n]+|[\n]+", _QWEN2)),
    "minicpm5": Cut(
        (r"\p{N}{1,3}", _join(_APOSTROPHES, _LETTERS, r"\p{N}+", _SIGNS, _SPACES)), ignore_merges=True
    ),
    "seed-coder": Cut((_join(_APOSTROPHES, _LETTERS, r"\p{N}{1}", r" ?[^\s\p{L}\p{N}\r\n]+", _SPACES),)),
    "exaone-moe": Cut(
        (
            _join(
                _APOSTROPHES,
                r"[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+",
                r"\p{N}",
                r" ?[^\s\p{L}\p{N}]+[\r\n/]?",
                r"\s*[\r\n]|\s+(?!\S)|\s+",
            ),
        )
    ),
    **_named(
        "bailingmoe bailingmoe2 llada-moe",
        Cut(
            (
                _join(
                    r"'(?i:[sdmt]|ll|ve|re)",
                    r"[^\r\n\p{L}\p{N}]?+\p{L}+",
                    r"\p{N}",
                    r" ?[^\s\p{L}\p{N}]++[\r\n]*",
                    r"\s*[\r\n]|\s+(?!\S)|\s+",
                ),
            )
        ),
    ),
    "tekken": Cut((_TEKKEN,), ignore_merges=True, add_bos=True),
    **_named("gpt-4o llama4 kanana2 talkie minimax-m2", _GPT4O_CUT),
    "granite-embed-multi-97m": replace(_GPT4O_CUT, ignore_merges=True),
    **_named("tiny_aya cohere2moe", Cut((_THREES_OF_A_WORD, _GPT4O))),
    "youtu": Cut(_YOUTU, ignore_merges=True),
    "kimi-k2": Cut((_KIMI,)),
    "deepseek-llm": Cut(_DEEPSEEK_LLM),
    "deepseek-coder": Cut(_DEEPSEEK_CODER),
    **_named("deepseek-v3 hunyuan-dense joyai-llm hy_v4", _DEEPSEEK3_CUT),
    "spark2_5": Cut(_SPARK),
    "afmoe": Cut(_AFMOE),
    "superbpe": Cut((r"\p{N}+", _THREES_OF_A_RUN)),
    **_named("bloom poro-chat gpt3-finnish", Cut((_BLOOM,))),
    "viking": Cut((_BLOOM, DIGITS)),
    "chameleon": Cut(_CHAMELEON, add_bos=True),
    **_named("gemma4 granite-embed-multi-311m", GEMMA),
    "sarvam-moe": replace(GEMMA, add_bos=False),
}

#: Expressions that are known to take time in proportion to the text, or nearly.
KNOWN = frozenset(step for cut in CUTS.values() for step in cut.steps)
