"""Random chat templates, and messages whose letters no template has: so that each letter of theirs in what is
rendered must be marked as said, whatever the template did with it."""

from __future__ import annotations

import random
from typing import Any

# Letters of messages, with what lower and upper case make of them. Templates are ASCII.
SAID = "ωψ<|ЖЯ>ж😀 я\nß"
LETTERS = set(SAID + SAID.upper() + SAID.lower() + SAID.swapcase()) - set(" \n<|>") - {"S", "s"}

MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": SAID * 3, "name": "ж", "calls": [{"ψ": {"я": [SAID, 1, None]}, "f": "ω"}]},
    {"role": "assistant", "content": "ωω", "name": SAID, "calls": []},
]

_FILTERS = [
    "upper",
    "lower",
    "title",
    "trim",
    "capitalize",
    "reverse",
    "string",
    "safe",
    "escape",
    "list | join",
]
_FILTERS += ["indent", "indent(3, true)", "replace('ω', 'x')", "replace('x', m.name)", "first", "last"]
_FILTERS += [
    "truncate(9)",
    "tojson",
    "tojson(indent=2)",
    "urlencode",
    "default('d')",
    "batch(3) | map('join') | join",
]
_FILTERS += ["list | unique | join", "list | sort | join('-')", "length", "wordcount", "format('a', 'b')"]
_METHODS = [
    "upper()",
    "lower()",
    "title()",
    "capitalize()",
    "swapcase()",
    "strip()",
    "lstrip('ω')",
    "casefold()",
]
_METHODS += [
    "rstrip()",
    "split() | join(' ')",
    "split('ψ') | join",
    "rsplit('ψ', 1) | last",
    "splitlines() | first",
]
_METHODS += [
    "partition('Ж') | join",
    "rpartition('Ж')[2]",
    "replace('Ж', 'a')",
    "replace('', '-')",
    "center(30)",
]
_METHODS += [
    "ljust(20)",
    "zfill(40)",
    "removeprefix('ω')",
    "removesuffix('ω')",
    "find('Ж')",
    "join(['a', 'b'])",
]
_METHODS += ["startswith('ω')", "expandtabs(4)", "format(1)"]
_ATOMS = ["m.content", "m.name", "m.role", "m.calls", "m", "'lit<|x|>'", "'a{}b'", "'%s'", "7", "ns.x", "v"]


def _expression(rng: random.Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(_ATOMS)

    def inner() -> str:
        return _expression(rng, depth - 1)

    kind = rng.randrange(14)
    if kind < 3:
        return f"({inner()} | {rng.choice(_FILTERS)})"
    if kind < 6:
        return f"({inner()} | string).{rng.choice(_METHODS)}"
    if kind == 6:
        return f"({inner()} ~ {inner()})"
    if kind == 7:
        return f"('' ~ {inner()} + ('' ~ {inner()}))"
    if kind == 8:
        return f"({inner()} | string)[{rng.choice(['1:', ':-1', '::-1', '::2', '-3:', '0:5'])}]"
    if kind == 9:
        return f"({rng.choice(['a%sb', '%s', '%9s', '%r'])!r} % [{inner()}])".replace("[", "(").replace(
            "]", ",)"
        )
    if kind == 10:
        return f"{rng.choice(['<{}>', '{0}{0}', '{:>9}', '{!r}'])!r}.format({inner()})"
    if kind == 11:
        return f"([{inner()}, {inner()}] | join({rng.choice(['', repr('-'), 'm.name'])}))"
    if kind == 12:
        return f"({inner()} if {inner()} else {inner()})"
    return f"({{'k': {inner()}}} | tojson)" if rng.randrange(2) else f"(('' ~ {inner()}) * 2)"


def template(rng: random.Random) -> str:
    """One that runs through the messages; it may be one that fails."""
    parts = ["{% set ns = namespace(x='') %}{% macro f(v) %}[{{ v }}{{ v | upper }}]{% endmacro %}"]
    parts.append("{% for m in messages %}{% set v = m.name %}<|im_start|>")
    for _ in range(rng.randrange(1, 5)):
        expression = _expression(rng, rng.randrange(4))
        parts.append(
            rng.choice(
                [
                    f"{{{{ {expression} }}}}",
                    f"{{% set v = {expression} %}}{{{{ v }}}}",
                    f"{{% set v %}}a{{{{ {expression} }}}}{{% endset %}}{{{{ v }}}}",
                    f"{{% set ns.x = ns.x ~ {expression} %}}{{{{ ns.x }}}}",
                    f"{{{{ f({expression}) }}}}",
                    f"{{% filter trim %}}{{{{ {expression} }}}}{{% endfilter %}}",
                    f"{{% for c in {expression} %}}{{{{ c }}}}{{% endfor %}}",
                    f"{{% generation %}}{{{{ {expression} }}}}{{% endgeneration %}}",
                ]
            )
        )
    return "".join([*parts, "<|im_end|>{% endfor %}"])
