"""Count what the MSL of the built-in kernels costs, without a Mac: instructions, loads, registers.

    python buildtools/metal_count.py            the tables of docs/explanation/metal.md
    python buildtools/metal_count.py --write    put them there
    python buildtools/metal_count.py --check    fail where a limit is exceeded; CI

Of the MSL that Metal is given, with the variant and the threadgroups that zc_kernel_plan_make chooses for an
Apple GPU (SIMD groups of 32); how it is counted, buildtools/metal_cost.py says. Needs clang. Standard library
only.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import headers
import msl
from metal_cost import Cost, CountError, count

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "metal.md"


# ---- which way, with which groups --------------------------------------------------------------------

PLANNER = r"""
#include "kernel/zc_kernel_internal.h"
#include "kernel/zc_shaders.h"
#include <stdio.h>
#include <stdlib.h>
const zc_shader zc_shader_table[1];
const size_t zc_shader_count;
int main(int count, char **words)
{
    uint32_t params[64] = {0};
    /* As zc_device_metal.m says of Apple's; word 2: the side of matrices. */
    zc_gpu gpu = {.lane_sums = true, .subgroup_width = 32};
    gpu.matrix_units = (uint32_t)strtoul(words[2], NULL, 10);
    zc_kernel_plan plan;
    for (int i = 3; i < count && i < 67; i++) params[i - 3] = (uint32_t)strtoul(words[i], NULL, 10);
    zc_kernel_plan_make(zc_kernel_find(words[1]), params, &gpu, &plan);
    for (uint32_t i = 0; i < plan.count; i++) {
        const zc_kernel_stage *stage = &plan.stages[i];
        printf("%u %u ", stage->matrix, stage->variant);
        printf("%u %u %u\n", stage->groups[0], stage->groups[1], stage->groups[2]);
    }
    return 0;
}
"""


@dataclass
class Planner:
    """Asks the C code what it would do on an Apple GPU."""

    program: Path
    table: dict[str, headers.Kernel]
    numbers: dict[str, int]

    @staticmethod
    def make(folder: Path) -> Planner:
        (folder / "planner.c").write_text(PLANNER, "utf-8")
        sources = [*sorted((ROOT / "csrc" / "kernel").glob("*.c")), ROOT / "csrc" / "base" / "zc_status.c"]
        command = ["clang", "-O1", "-w", f"-I{ROOT / 'csrc'}", f"-I{ROOT / 'zcwasm' / 'include'}"]
        command += [str(folder / "planner.c"), *map(str, sources), "-o", str(folder / "planner")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CountError(done.stderr)
        numbers = dict(headers.enums("zcwasm_kernels.h"))
        return Planner(folder / "planner", headers.read_table(ROOT), numbers)

    def cost(self, kernel: str, matrix_units: int = 0, **params: int) -> list[tuple[Cost, int]]:
        """Of each stage: what a thread of the first threadgroup costs, and how many groups there are."""
        return self.cost_with(None, kernel, matrix_units, params)

    def cost_with(
        self,
        memory: Mapping[int, Sequence[int]] | None,
        kernel: str,
        matrix_units: int,
        params: Mapping[str, int],
    ) -> list[tuple[Cost, int]]:
        """With this in the buffers, as metal_cost.count has it."""
        row = self.table[kernel]
        params = dict(params)
        words = [params.pop(name, 0) for name, _ in row.params]
        if params:
            raise CountError(f"{kernel} has no {sorted(params)}")
        done = subprocess.run(
            [str(self.program), kernel, str(matrix_units), *map(str, words)],
            capture_output=True,
            text=True,
            check=True,
        )
        folder, costs = ROOT / "shaders" / "generated", []
        for line in done.stdout.splitlines():
            matrix, variant, *groups = map(int, line.split())
            source = (folder / f"{kernel}{'_matrix' * matrix}.metal").read_text("utf-8")
            rest = [*words[len(row.pushed) :], 0, 0]
            push = [0] * row.offset_words + [0, 0, 0, rest[0], *groups, rest[1]] + words[: len(row.pushed)]
            cost = count(source, variant, push, memory=memory)
            costs.append((cost, groups[0] * groups[1] * groups[2]))
        return costs


# ---- the tables -------------------------------------------------------------------------------------

# Bytes that a core is given in a clock when memory is at its full bandwidth; a core has 128 lanes. Of a
# review that knows the hardware, from announced bandwidths, cores and clocks.
CHIPS = {"M1": 6.7, "M2, M3": 7.2, "M1 Max": 9.7, "M4": 8.2, "M4 Max": 8.7}
# That review's count for the kernels of its time (35b43de), by hand; by the type's number.
BEFORE = {1: 62, 3: 72, 4: 87, 5: 80, 6: 130, 7: 128}
# What --check allows: instructions for 8 weights, of 4096 rows of w and of 1024, which have a subgroup each;
# registers of a thread, of which there are 128.
MOST_INSTRUCTIONS, MOST_OF_FEW = 48.0, 60.0
MOST_REGISTERS = 112
K = 4096


@dataclass
class Line:
    """A matrix times a vector: what a thread does for 8 weights."""

    name: str
    cost: Cost
    units: float  # of 8 weights, of the thread

    @property
    def instructions(self) -> float:
        return self.cost.instructions / self.units

    @property
    def small(self) -> float:
        """Bytes loaded by fewer than 8 at a time."""
        device = [(size, times) for (space, size), times in self.cost.loads.items() if space == "device"]
        return sum(size * times for size, times in device if size < 8) / self.units

    @property
    def loads(self) -> str:
        sizes = sorted((size for space, size in self.cost.loads if space == "device"), reverse=True)
        return " + ".join(f"{self.cost.loads['device', size] / self.units:.2g} × {size}" for size in sizes)

    def wrong(self, most: float) -> Iterator[str]:
        stack = [size for space, size in self.cost.loads if space == "stack"]
        if stack:
            yield f"{self.name}: arrays lie in memory (a loop is not unrolled)"
        if self.cost.barriers:
            yield f"{self.name}: {self.cost.barriers} barriers"
        if self.instructions > most:
            yield f"{self.name}: {self.instructions:.1f} instructions for 8 weights, at most {most}"
        if self.small > 1.1:  # a scale of 2 or 4 bytes for 32 weights
            yield f"{self.name}: {self.small:.1f} bytes for 8 weights by fewer than 8 at a time"
        if self.cost.registers > MOST_REGISTERS:
            yield f"{self.name}: {self.cost.registers} registers, at most {MOST_REGISTERS}"


def one_line(planner: Planner, name: str, n: int, norm: bool) -> Line:
    flags = planner.numbers["ZC_LINEAR_NORM"] if norm else 0
    kind = planner.numbers[f"ZC_WEIGHT_{name}"]
    ((cost, groups),) = planner.cost("linear", type=kind, rows=1, n=n, k=K, ldx=K, ldy=n, flags=flags)
    return Line(f"linear, {name}, {n} rows of w", cost, n * K / groups / 256 / 8)


def two_matrices(planner: Planner, name: str, n: int) -> Line:
    kind, flags = planner.numbers[f"ZC_WEIGHT_{name}"], planner.numbers["ZC_LINEAR_NORM"]
    ((cost, groups),) = planner.cost(
        "linear_gated", gate_type=kind, up_type=kind, rows=1, n=n, k=K, ldx=K, ldy=n, flags=flags
    )
    return Line(f"linear_gated, {name}", cost, 2 * n * K / groups / 256 / 8)


def weight_types() -> list[tuple[str, str, str]]:
    """Name, elements of a block, its bytes; by the type's number."""
    text = (ROOT / "csrc" / "kernel" / "zc_weight_type.def").read_text("utf-8")
    return re.findall(r"^ZC_WEIGHT_TYPE\((\w+), (\d+), (\d+),", text, re.MULTILINE)


def vector_table(planner: Planner, wrong: list[str]) -> str:
    head = [
        "weights",
        "bytes",
        "loads × bytes",
        "instructions",
        "normed",
        "gate and up",
        "n = 1024",
        "registers",
    ]
    head += ["before", *CHIPS]
    rows = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for number, (name, block, size) in enumerate(weight_types()):
        plain, normed = (one_line(planner, name, 4096, norm) for norm in (False, True))
        gated, few = two_matrices(planner, name, 4096), one_line(planner, name, 1024, False)
        for line in (plain, normed, gated):
            wrong += line.wrong(MOST_INSTRUCTIONS)
        wrong += few.wrong(MOST_OF_FEW)
        size_of_8 = 8 * int(size) / int(block)
        cells = [name, f"{size_of_8:.3g}", plain.loads, f"**{plain.instructions:.0f}**"]
        cells += [f"{line.instructions:.0f}" for line in (normed, gated, few)]
        cells += [
            f"{max(line.cost.registers for line in (plain, normed, gated))}",
            str(BEFORE.get(number, "")),
        ]
        cells += [f"{size_of_8 / rate * 128:.0f}" for rate in CHIPS.values()]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


# Of a prompt of so many rows. What --check allows for each product of 8 x 8 x 8, without itself.
ROWS, MOST_FOR_A_PRODUCT = 512, 8.0


def matrix_table(planner: Planner, wrong: list[str]) -> str:
    """Many rows on matrix units: what a thread does for each product, of which it has 16 multiply-adds."""
    head = ["weights", "instructions", "gate and up", "threadgroup bytes", "device bytes", "registers"]
    head += ["tiles of float32", "first stage, for an element"]
    rows = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name in (name for name, _, _ in weight_types() if name not in ("F32", "BF16")):
        kind, same = planner.numbers[f"ZC_WEIGHT_{name}"], {"rows": ROWS, "n": K, "k": K, "ldx": K, "ldy": K}
        (first, _), (plain, groups) = planner.cost(
            "linear", 8, type=kind, flags=planner.numbers["ZC_LINEAR_NORM"], **same
        )
        _, (gated, gated_groups) = planner.cost("linear_gated", 8, gate_type=kind, up_type=kind, **same)
        ((tiles, tile_groups),) = planner.cost("linear", type=kind, **same)
        each = []
        for cost, count_of_groups, matrices in ((plain, groups, 1), (gated, gated_groups, 2)):
            useful = matrices * ROWS * K * K // 512 // (count_of_groups * 8)  # of each of 8 SIMD groups
            each.append(cost.instructions / useful)
            if cost.products < useful or cost.products > 1.1 * useful:
                wrong.append(f"{name} on matrices: {cost.products} products, must be {useful}")
            if any(space == "stack" for space, _ in (*cost.loads, *first.loads)):
                wrong.append(f"{name} on matrices: arrays lie in memory (a loop is not unrolled)")
            if each[-1] > MOST_FOR_A_PRODUCT:
                wrong.append(f"{name} on matrices: {each[-1]:.1f} instructions, at most {MOST_FOR_A_PRODUCT}")
        useful = ROWS * K * K // 512 // (groups * 8)
        registers = max(plain.registers, gated.registers)
        if registers > MOST_REGISTERS:
            wrong.append(f"{name} on matrices: {registers} registers, at most {MOST_REGISTERS}")
        cells = [name, f"**{each[0]:.1f}**", f"{each[1]:.1f}"]
        cells += [f"{32 * plain.loaded(space) / useful:.0f}" for space in ("matrix", "device")]
        of_tiles = tiles.instructions / (ROWS * K * K / 512 / (tile_groups * 8))
        cells += [str(registers), f"{of_tiles:.0f}", f"{first.instructions / (K / 256):.0f}"]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


@dataclass
class Product:
    """Many products of matrices, of which one way is on matrix units."""

    name: str
    kernel: str
    work: int  # multiply-adds
    params: dict[str, int]
    memory: dict[int, list[int]]


def products() -> Iterator[Product]:
    """Attention of rows that all see the same keys, and float32 matrices in small tiles and in large ones."""
    rows, heads, keys = ROWS, 32, 1024
    for size in (64, 128, 256):
        params = {"rows": rows, "heads": heads, "kv_heads": 8, "head_size": size, "capacity": keys}
        params |= {"ldq": heads * size, "ldk": 8 * size, "ldv": 8 * size, "ldout": heads * size, "kv_type": 1}
        work = 2 * rows * heads * keys * size
        yield Product(f"attention, heads of {size}", "attention", work, params, {4: [0, keys] * rows})
    for n in (1024, 2048):
        params = dict.fromkeys(("m", "n", "k", "lda", "ldb", "ldc"), n) | {"batch": 1, "alpha": 0x3F800000}
        yield Product(f"matmul of {n} × {n} × {n}", "matmul", n**3, params, {})


def product_table(planner: Planner, wrong: list[str]) -> str:
    """What else goes on matrix units, as matrix_table has it."""
    head = ["", "instructions", "threadgroup bytes", "device bytes", "registers", "tiles of float32"]
    rows = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for each in products():
        ((cost, groups),) = planner.cost_with(each.memory, each.kernel, 8, each.params)
        ((tiles, tile_groups),) = planner.cost_with(each.memory, each.kernel, 0, each.params)
        useful = each.work // 512 // (groups * 8)  # of each of 8 SIMD groups
        if cost.products != useful:
            wrong.append(f"{each.name}: {cost.products} products, must be {useful}")
        if any(space == "stack" for space, _ in cost.loads):
            wrong.append(f"{each.name}: arrays lie in memory (a loop is not unrolled)")
        if cost.registers > MOST_REGISTERS:
            wrong.append(f"{each.name}: {cost.registers} registers, at most {MOST_REGISTERS}")
        instructions = cost.instructions / useful
        if instructions > MOST_FOR_A_PRODUCT:
            wrong.append(f"{each.name}: {instructions:.1f} instructions, at most {MOST_FOR_A_PRODUCT}")
        cells = [each.name, f"**{instructions:.1f}**"]
        cells += [f"{32 * cost.loaded(space) / useful:.0f}" for space in ("matrix", "device")]
        of_tiles = tiles.instructions / (each.work / 512 / (tile_groups * 8))
        rows.append("| " + " | ".join([*cells, str(cost.registers), f"{of_tiles:.0f}"]) + " |")
    return "\n".join(rows)


def attention_table(planner: Planner, wrong: list[str]) -> str:
    rows = [
        "| elements of a head | one row, own keys | one row, keys of 4 heads | 64 rows | of 64 sequences |",
        "|" + " --- |" * 5,
    ]
    pages = {"page": 32, "table_words": 64 * 64, "context": 2048, "shared": 0}
    for size in (64, 128, 256):
        cells = [str(size)]
        for kernel, count_of_rows, group in (
            ("attention", 1, 1),
            ("attention", 1, 4),
            ("attention", 64, 4),
            ("attention_paged", 64, 4),
        ):
            registers = []
            for kind in ("F32", "F16", "Q8_0"):
                heads = 8 * group
                cost, _ = planner.cost(
                    kernel,
                    rows=count_of_rows,
                    heads=heads,
                    kv_heads=8,
                    head_size=size,
                    ldq=heads * size,
                    ldk=8 * size,
                    ldv=8 * size,
                    ldout=heads * size,
                    capacity=2048,
                    kv_type=planner.numbers[f"ZC_CACHE_{kind}"],
                    **(pages if kernel == "attention_paged" else {}),
                )[0]
                registers.append(cost.registers)
                if any(space == "stack" for space, _ in cost.loads):
                    wrong.append(f"{kernel}, heads of {size}, {kind}: arrays lie in memory")
            if max(registers) > MOST_REGISTERS:
                wrong.append(
                    f"{kernel}, heads of {size}: {max(registers)} registers, at most {MOST_REGISTERS}"
                )
            cells.append(" / ".join(map(str, registers)))
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def tables(wrong: list[str]) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="zcwasm-planner-") as folder:
        planner = Planner.make(Path(folder))
        made = {"vectors": vector_table(planner, wrong), "matrices": matrix_table(planner, wrong)}
        made["products"] = product_table(planner, wrong)
        return made | {"attention": attention_table(planner, wrong)}


def main() -> None:
    parser = argparse.ArgumentParser(description="What the kernels' MSL costs on Apple's GPUs.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="put the tables into docs/explanation/metal.md")
    choice.add_argument("--check", action="store_true", help="fail where a limit is exceeded")
    options = parser.parse_args()
    wrong: list[str] = []
    try:
        made = tables(wrong)
    except (CountError, msl.MslError, headers.HeaderError) as error:
        sys.exit(f"metal_count: {error}")
    page = PAGE.read_text("utf-8")
    for name, table in made.items():
        print(f"{table}\n")
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}{table}\n{end}{rest.partition(end)[2]}"
    if options.write:
        PAGE.write_text(page, "utf-8")
    if options.check and wrong:
        sys.exit("metal_count: " + "\n".join(wrong))


if __name__ == "__main__":
    main()
