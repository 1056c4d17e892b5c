"""What one thread of a kernel executes, of MSL as it is shipped: instructions, loads, products, registers.

For buildtools/metal_count.py. The text, with its variant as a number, is compiled by clang to LLVM's
intermediate language (-O2, everything inlined, nothing vectorized, products and sums fused within an
expression as Metal does), with a counter in each basic block. One thread of one threadgroup is run with real
parameters, barriers and SIMD sums being nothing. So what is counted is what that thread executes from its
first to its last instruction, branches taken as they fall. An operation on a vector counts as its elements,
for Apple's GPUs have none; moves, conversions from float16 (an operand of theirs may be one), extensions of
indices, addresses and jumps are free, an exponential is two, all else is one.

Registers are the largest number of 32-bit values that are alive at once in the same code, in clang's order
of it: numbers alone, without parameters, indices and addresses. Apple's compiler may need more or fewer.
Needs clang. Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import msl

THREAD = 37  # of the threadgroup: lane 5 of the second SIMD group
WIDTH = 32
SPACES = {"1": "device", "3": "threadgroup", "2": "constant", "": "stack"}
FLAGS = ["-O2", "-S", "-emit-llvm", "-w", "-fno-exceptions", "-fno-vectorize", "-fno-slp-vectorize"]
FLAGS += ["-ffp-contract=on", "-DZC_MSL_STRICT", "-DZC_MSL_COUNT", "-target", "aarch64-linux-gnu"]
FLAGS += ["-mllvm", "-inline-threshold=100000", "-mllvm", "-disable-vector-combine"]


class CountError(RuntimeError):
    """Something cannot be counted; the text says what."""


# ---- LLVM's intermediate language -------------------------------------------------------------------


@dataclass
class Block:
    label: str
    lines: list[str]
    raw: list[str] = field(default_factory=list)
    next: list[str] = field(default_factory=list)
    cost: int = 0
    barriers: int = 0
    products: int = 0  # of matrices
    loads: dict[tuple[str, int], int] = field(default_factory=dict)


FREE = {
    "br",
    "ret",
    "phi",
    "getelementptr",
    "bitcast",
    "inttoptr",
    "ptrtoint",
    "addrspacecast",
    "unreachable",
}
FREE |= {
    "extractelement",
    "insertelement",
    "shufflevector",
    "extractvalue",
    "insertvalue",
    "zext",
    "sext",
    "trunc",
}
FREE |= {"fpext", "freeze", "alloca", "switch"}
ONE = {
    "add",
    "sub",
    "mul",
    "and",
    "or",
    "xor",
    "shl",
    "lshr",
    "ashr",
    "icmp",
    "select",
    "fadd",
    "fsub",
    "fmul",
    "fneg",
}
ONE |= {"fcmp", "fptrunc", "uitofp", "sitofp", "fptoui", "fptosi", "udiv", "urem"}
CALLS = {"fmuladd": 1, "fma": 1, "umin": 1, "umax": 1, "smin": 1, "smax": 1, "fabs": 1, "fshl": 1, "fshr": 1}
CALLS |= {
    "exp2": 1,
    "exp": 2,
    "sqrt": 1,
    "ctpop": 1,
    "abs": 1,
    "maxnum": 1,
    "minnum": 1,
    "usub": 1,
    "uadd": 1,
}
IGNORED = ("lifetime", "assume", "noalias.scope", "dbg.")


def words_of(kind: str) -> int:
    """Registers of 32 bits that a value of this type takes."""
    kind = kind.strip()
    if match := re.match(r"<(\d+) x (\w+)>", kind):
        return int(match[1]) * words_of(match[2]) if match[2] != "i1" else 1
    if kind.endswith("*"):
        return 2
    return {"float": 1, "i32": 1, "i64": 2, "half": 1, "i16": 1, "i8": 1, "i1": 1}.get(kind, 1)


def elements_of(kind: str) -> int:
    match = re.match(r"\s*<(\d+) x ", kind)
    return int(match[1]) if match else 1


def bytes_of(kind: str) -> int:
    if match := re.match(r"\s*<(\d+) x (\w+)>", kind):
        return int(match[1]) * bytes_of(match[2])
    return {"float": 4, "i32": 4, "i64": 8, "half": 2, "i16": 2, "i8": 1, "double": 8, "i128": 16}.get(
        kind.strip(), 8
    )


OPERATION = re.compile(r"^\s+(?:(%[\w.]+) = )?(?:tail |musttail |notail )?(\w+) (.*)$")
TYPE = r"(<\d+ x \w+>|\w+(?: addrspace\(\d\))?\**)"


def count_line(block: Block, line: str) -> None:
    match = OPERATION.match(line)
    if match is None:
        raise CountError(f"not understood: {line}")
    _, op, rest = match.groups()
    rest = re.sub(r"^(?:(?:nuw|nsw|exact|fast|contract|nnan|ninf|nsz|arcp|reassoc|afn|volatile) )+", "", rest)
    if "@zc_where" in rest:
        return  # there from the start
    if op in ("load", "store"):
        found = re.search(r"(\w+|<\d+ x \w+>)(?: addrspace\((\d)\))?\* ", rest)
        if found is None:
            raise CountError(f"not understood: {line}")
        space = SPACES[found[2] or ""]
        if op == "load" and space != "constant":
            key = (space, bytes_of(rest.split(",")[0]))
            block.loads[key] = block.loads.get(key, 0) + 1
        block.cost += 1
    elif op == "call":
        name = re.search(r"@([\w.]+)\(", rest)
        if name is None:
            raise CountError(f"not understood: {line}")
        if any(word in name[1] for word in IGNORED):
            return
        if "matrix_multiply" in name[1]:
            block.products += 1
        elif "matrix_load" in name[1]:
            # Two elements of each thread; the type is the function's.
            key = ("matrix", 8 if "matrix_loadIf" in name[1] else 4)
            block.loads[key] = block.loads.get(key, 0) + 1
            block.cost += 1
        elif "barrier" in name[1]:
            block.barriers += "threadgroup" in name[1]
            block.cost += 1
        elif name[1].startswith("llvm."):
            word = name[1].split(".")[1]
            if word in ("memcpy", "memset"):
                block.loads["stack", 0] = block.loads.get(("stack", 0), 0) + 1
            elif word not in CALLS:
                raise CountError(f"not understood: {line}")
            block.cost += CALLS.get(word, 1) * elements_of(re.sub(r"^(?:\w+ )*?(?=<|float|i32)", "", rest))
        else:
            block.cost += 2 if name[1] == "expf" else 1  # of the library or the SIMD group
    elif op in ("fdiv", "frem"):
        block.cost += 2 * elements_of(rest)
    elif op in ONE:
        words = 2 if re.match(r"i64 ", rest) else 1
        if op in ("icmp", "fcmp"):
            rest = rest.split(" ", 1)[1]
        elif op == "select":
            rest = rest.split(", ", 1)[1]
        block.cost += words * elements_of(rest)
    elif op not in FREE:
        raise CountError(f"not understood: {line}")


def read_function(text: str, name: str) -> tuple[str, list[Block], str]:
    """What stands before the function's blocks, these, and what stands behind."""
    match = re.search(rf"^define [^\n]*@{name}\(.*?\{{\n", text, re.MULTILINE)
    if match is None:
        raise CountError(f"clang made no {name}")
    end = text.index("\n}", match.end())
    blocks = [Block("entry", [])]
    for line in text[match.end() : end].split("\n"):
        if label := re.match(r"^([\w.]+):", line):
            blocks.append(Block(label[1], []))
        elif line.strip() and not line.strip().startswith(";"):
            blocks[-1].lines.append(line)
    if not blocks[0].lines:
        del blocks[0]
    joined = []
    for block in blocks:
        text_of = re.sub(
            r" \[\n\s+(.*?)\n\s+\]",
            lambda m: " [" + " ".join(m[1].split()) + "]",
            "\n".join(block.lines),
            flags=re.DOTALL,
        )  # a switch in one line
        block.raw = text_of.split("\n")
        block.lines = [re.sub(r"(, ![\w.]+ ![\w.]+)+|, align \d+|#\d+", "", line) for line in block.raw]
        block.next = re.findall(r"label %([\w.]+)", block.lines[-1])
        for line in block.lines:
            count_line(block, line)
        joined.append(block)
    return text[: match.end()], joined, text[end:]


def largest_live(blocks: list[Block], text: str) -> int:
    """32-bit values alive at once, at most."""
    size: dict[str, int] = {}
    origins: dict[str, tuple[str, set[str], bool]] = {}
    uses: dict[str, list[tuple[str | None, set[str], bool]]] = {}
    incoming: dict[tuple[str, str], set[str]] = {}
    free: set[str] = set()
    for block in blocks:
        rows: list[tuple[str | None, set[str], bool]] = []
        for line in block.lines:
            match = OPERATION.match(line)
            assert match is not None
            result, op, rest = match.groups()
            used = {
                name for name in re.findall(r"(?<!label )(%[\w.]+)", rest) if not name.startswith("%struct")
            }
            if result:
                size[result] = words_of(result_type(op, rest))
                if op in (
                    "getelementptr",
                    "bitcast",
                    "zext",
                    "sext",
                    "icmp",
                    "fcmp",
                    "extractelement",
                    "addrspacecast",
                ):
                    free.add(result)  # formed where they are used, or a name for a part of what is alive
            if result:
                memory = op == "call" or (op == "load" and not re.search("@zc_(push|where)", rest))
                sources = set(re.findall(r"%[\w.]+", rest)) if op == "phi" else used
                origins[result] = (result_type(op, rest), set() if op == "load" else sources, memory)
            if op == "phi":
                for value, source in re.findall(r"\[ ([^,\]]+), %([\w.]+) \]", rest):
                    if value.startswith("%"):
                        incoming.setdefault((source, block.label), set()).add(value)
                rows.append((result, set(), True))
            else:
                rows.append((result, used, False))
        uses[block.label] = rows
    # Indices and addresses, which compilers make again where registers are short, are not counted: integers
    # that come from no memory but the parameters.
    loaded: set[str] = set()
    while True:
        before = len(loaded)
        for name, (kind, sources, from_memory) in origins.items():
            if from_memory or "float" in kind or "half" in kind or sources & loaded:
                loaded.add(name)
        if len(loaded) == before:
            break
    for name in origins.keys() - loaded:
        size[name] = 0
    # A value that costs nothing to form keeps alive what it is formed from.
    parts: dict[str, set[str]] = {}
    for rows in uses.values():
        for result, used, _ in rows:
            if result in free:
                parts[result] = set().union(*(parts.get(name, {name}) for name in used)) if used else set()

    def whole(names: set[str]) -> set[str]:
        return set().union(*(parts.get(name, {name}) for name in names)) & size.keys() if names else set()

    live_in: dict[str, set[str]] = {block.label: set() for block in blocks}
    most, changed = 0, True
    while changed:
        changed = False
        most = 0
        for block in reversed(blocks):
            live: set[str] = set()
            for after in block.next:
                live |= live_in[after] | whole(incoming.get((block.label, after), set()))
            most = max(most, sum(size[name] for name in live))
            for result, used, _ in reversed(uses[block.label]):
                live.discard(result or "")
                live |= whole(used)
                most = max(most, sum(size[name] for name in live))
            if live != live_in[block.label]:
                live_in[block.label], changed = live, True
    return most


def result_type(op: str, rest: str) -> str:
    rest = re.sub(r"^(?:(?:nuw|nsw|exact|fast|contract|volatile|inbounds) )+", "", rest)
    if op in (
        "zext",
        "sext",
        "trunc",
        "bitcast",
        "fpext",
        "fptrunc",
        "uitofp",
        "sitofp",
        "fptoui",
        "fptosi",
        "ptrtoint",
        "inttoptr",
        "addrspacecast",
    ):
        return rest.rsplit(" to ", 1)[1]
    if op == "getelementptr":
        return "i8*"
    if op == "select":
        rest = rest.split(", ", 1)[1]
    if op in ("icmp", "fcmp"):
        return "i1"
    found = re.search(TYPE, re.sub(r"^(?:noundef |range\(.*?\) |fastcc )+", "", rest))
    kind = found[1] if found else "i32"
    if op == "extractelement":
        return re.sub(r"<\d+ x (\w+)>", r"\1", kind)
    if op == "shufflevector":
        mask = re.search(r"<(\d+) x i32>(?: <[^>]*>| zeroinitializer| undef| poison)\s*$", rest)
        return re.sub(r"<\d+", f"<{mask[1]}", kind) if mask else kind
    return kind


# ---- running one thread -----------------------------------------------------------------------------

STUBS = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
static uint64_t counts[1 << 16];
void zc_block(uint32_t i) { counts[i]++; }
float __gnu_h2f_ieee(uint16_t h) { (void)h; return 0.0f; }
uint16_t __gnu_f2h_ieee(float f) { (void)f; return 0; }
float __extendhfsf2(uint16_t h) { (void)h; return 0.0f; }
void zc_count_kernel(void);
char zc_memory[10][1 << 25];
int main(void)
{
    FILL
    zc_count_kernel();
    for (uint32_t i = 0; i < BLOCKS; i++) printf("%llu\n", (unsigned long long)counts[i]);
    return 0;
}
"""
DECLARED = re.compile(r"^declare [^\n]*@([\w]+)\(([^)]*)\)[^\n]*$", re.MULTILINE)


@dataclass
class Cost:
    instructions: int = 0
    barriers: int = 0
    products: int = 0
    registers: int = 0
    loads: dict[tuple[str, int], int] = field(default_factory=dict)

    def loaded(self, space: str) -> int:
        return sum(size * times for (where, size), times in self.loads.items() if where == space)


def prepared(source: str, variant: int | None) -> str:
    """The text with its variant as a number."""
    if variant is not None:
        pattern = r"^constant uint (\w+) \[\[function_constant\(0\)\]\];\n"
        name = re.search(pattern, source, re.MULTILINE)
        if name is None:
            raise CountError("no function constant 0")
        source = re.sub(pattern, "", source, flags=re.MULTILINE)
        given = f"is_function_constant_defined({name[1]}) ? {name[1]} : 0u"
        if source.count(given) != 1:
            raise CountError("the function constant's default is not where it was")
        source = source.replace(given, f"{variant}u")
    return source


def caller(entry: msl.Entry, push: list[int], group: tuple[int, int, int]) -> str:
    """A function that calls the kernel as one thread."""
    where = [*group, THREAD, THREAD % WIDTH, THREAD // WIDTH, 256 // WIDTH, WIDTH]
    positions = {
        "threadgroup_position_in_grid": "uint3(zc_where[0], zc_where[1], zc_where[2])",
        "thread_position_in_threadgroup": "uint3(zc_where[3], 0u, 0u)",
        "thread_index_in_threadgroup": "zc_where[3]",
        "thread_index_in_simdgroup": "zc_where[4]",
        "simdgroup_index_in_threadgroup": "zc_where[5]",
        "simdgroups_per_threadgroup": "zc_where[6]",
        "threads_per_simdgroup": "zc_where[7]",
    }
    values = []
    for argument in entry.arguments:
        attribute = msl.attribute_of(argument)
        if attribute[1] == "buffer":
            declared = re.sub(r"\s*\w+\s*\[\[.*$", "", argument)
            kind = (
                declared.rstrip("&* ").replace("constant ", "").replace("const ", "").replace("device ", "")
            )
            space = "constant" if declared.startswith("constant") else "device"
            memory = "zc_push" if space == "constant" else f"zc_memory[{int(attribute[2])}]"
            pointer = f"({space} {kind} *)(void *){memory}"
            values.append(f"*({pointer})" if declared.endswith("&") else f"({pointer})")
        else:
            values.append(positions[attribute[1]])
    words, places = (", ".join(f"{word}u" for word in list_) for list_ in (push, where))
    return (
        f'extern "C" {{ extern char zc_memory[10][1 << 25]; uint zc_push[] = {{{words}}}; }}\n'
        f'extern "C" {{ uint zc_where[] = {{{places}}}; }}\n'
        f'extern "C" void zc_count_kernel() {{ {entry.name}({", ".join(values)}); }}\n'
    )


def compile_ir(
    source: str, folder: Path, variant: int | None, push: list[int], group: tuple[int, int, int]
) -> str:
    (entry,) = msl.entries(source)
    text = msl.translate(prepared(source, variant), True) + "\n"
    call = re.sub(r"\b(\d+)\.(\d+)\b", r"\1.\2f", caller(entry, push, group))
    (folder / "count.cpp").write_text(text + call, "utf-8")
    command = ["clang", *msl.FLAGS, f"-I{msl.SHIM}", *FLAGS, str(folder / "count.cpp"), "-o", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CountError(done.stderr)
    # Constants that clang sets when the program starts are zeros, or the size of a threadgroup.
    text = re.sub(r"(?m)^@llvm.global_ctors = .*$", "", done.stdout)
    return re.sub(r"(?ms)^define (?![^\n]*@zc_count_kernel\().*?^\}$", "", text)


def count(
    source: str,
    variant: int | None,
    push: list[int],
    group: tuple[int, int, int] = (0, 0, 0),
    memory: Mapping[int, Sequence[int]] | None = None,
) -> Cost:
    """`memory`: what buffers begin with, in words; else there are zeros."""
    filled = [
        f"((uint32_t *)zc_memory[{number}])[{at}] = {word}u;"
        for number, words in (memory or {}).items()
        for at, word in enumerate(words)
    ]
    with tempfile.TemporaryDirectory(prefix="zcwasm-count-") as name:
        folder = Path(name)
        text = compile_ir(source, folder, variant, push, group)
        before, blocks, after = read_function(text, "zc_count_kernel")
        cost = Cost(registers=largest_live(blocks, text))
        lines = []
        for i, block in enumerate(blocks):
            if i or block.label != "entry":
                lines.append(f"{block.label}:")
            phis = [line for line in block.raw if re.match(r"\s+%[\w.]+ = phi ", line)]
            lines += [*phis, f"  call void @zc_block(i32 {i})", *block.raw[len(phis) :]]
        # Barriers, and what SIMD groups do, are nothing: a sum is the thread's own value.
        code = DECLARED.sub(stub, before) + "\n".join(lines) + DECLARED.sub(stub, after)
        code = re.sub(r"(?m)^(attributes #\d+ = .*)$", drop_target, code) + "\ndeclare void @zc_block(i32)\n"
        code = re.sub(r"(?m)^target .*$", "", code)
        (folder / "count.ll").write_text(code, "utf-8")
        (folder / "main.c").write_text(
            f"#define BLOCKS {len(blocks)}\n#define FILL {' '.join(filled)}\n" + STUBS, "utf-8"
        )
        command = ["clang", "-w", "-O0", str(folder / "count.ll"), str(folder / "main.c"), "-lm"]
        done = subprocess.run(
            [*command, "-o", str(folder / "count")], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise CountError(done.stderr[:3000])
        done = subprocess.run(
            [str(folder / "count")], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode != 0:
            raise CountError(f"the kernel ended with {done.returncode}")
        for block, times in zip(blocks, map(int, done.stdout.split()), strict=True):
            cost.instructions += times * block.cost
            cost.barriers += times * block.barriers
            cost.products += times * block.products
            for key, each in block.loads.items():
                if times:
                    cost.loads[key] = cost.loads.get(key, 0) + times * each
    return cost


def drop_target(match: re.Match[str]) -> str:
    return re.sub(r' "target-(?:cpu|features)"="[^"]*"', "", match[1])


def stub(match: re.Match[str]) -> str:
    """A declared function of the shim, defined as that of one thread alone."""
    name = match[1]
    matrix = "matrix_" in name
    if not name.startswith("_Z") or ("declare void" in match[0] and not matrix and "barrier" not in name):
        return match[0]
    head = re.sub(r"^declare ", "define ", re.sub(r" #\d+$", "", match[0]))
    kinds = [
        re.sub(r" (?:noundef|zeroext|signext)", "", kind).strip()
        for kind in match[2].split(",")
        if kind.strip()
    ]
    arguments = ", ".join(f"{kind} %a{i}" for i, kind in enumerate(kinds))
    head = re.sub(r"\([^)]*\)", f"({arguments})", head, count=1)
    head = re.sub(r" local_unnamed_addr", "", head)
    result = "void" if "void @" in head else kinds[0] if kinds else "i1"
    if matrix and result != "void":
        result = re.search(r"(<\d+ x \w+>|\w+) @", head)[1]  # type: ignore[index]
        return f"{head} {{\n  ret {result} zeroinitializer\n}}"
    value = "ret void" if result == "void" else f"ret {result} %a0" if kinds else "ret i1 true"
    return f"{head} {{\n  {value}\n}}"
