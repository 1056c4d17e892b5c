"""The checks of the Metal backend find what they are for: each test plants one mistake.

tests/test_metal_sim.py tests the backend itself. Skipped is what needs tools that are not here; the step
`metal` of .ci/run has them all.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import flags  # noqa: E402
import metal  # noqa: E402
import metal_api  # noqa: E402
import metal_cost  # noqa: E402
import metal_count  # noqa: E402
import metal_sdk  # noqa: E402
import msl  # noqa: E402
import sources  # noqa: E402
import spirv  # noqa: E402

import shaders  # noqa: E402

GENERATED = ROOT / "shaders" / "generated"
METADATA = ROOT / "build" / f"pyobjc-{metal_api.VERSION}"

needs_clang = pytest.mark.skipif(not shutil.which("clang"), reason="needs clang")
needs_metadata = pytest.mark.skipif(
    not importlib.util.find_spec("clang")
    or not importlib.util.find_spec("ziglang")
    or not (METADATA / "Metal.fwinfo").exists(),
    reason="needs libclang, ziglang and PyObjC's metadata (buildtools/metal.py api)",
)


def test_every_kernel_has_msl() -> None:
    table = shaders.read_table(ROOT)
    texts = {(name, False) for name in table} | {(name, True) for name in shaders.MSL_MATRIX}
    names = {name + "_matrix" * matrix for name, matrix in texts}
    assert {path.stem for path in GENERATED.glob("*.metal")} == names
    for name, matrix in texts:
        text = name + "_matrix" * matrix
        (entry,) = msl.entries((GENERATED / f"{text}.metal").read_text("utf-8"))
        assert entry.name == f"zc_{text}"
        buffers = [argument for argument in entry.arguments if "[[buffer(" in argument]
        of_table = len(shaders.shader_bindings(table[name], staged=matrix))
        # That of attention and matmul has no use for a workspace.
        assert len(buffers) == of_table + (
            not (matrix and name in ("attention", "attention_paged", "matmul"))
        )


CORRECT = """\
#include <metal_stdlib>
using namespace metal;
struct Push { uint4 offset; uint count; };
struct Data { float at[1]; };
static inline void set(thread float& to, thread const float& from) { to = from; }
kernel void zc_test(constant Push& push [[buffer(0)]], const device Data& x [[buffer(1)]],
                    device Data& y [[buffer(2)]])
{
    threadgroup float shared[64];
    shared[push.count] = x.at[0];
    float4 v = float4(shared[0]);
    float w;
    set(w, v.x);
    y.at[push.offset.x] = w;
    HERE
}
"""
MISTAKES = [
    ("push.count = 1u;", "const"),
    ("x.at[0] = 1.0;", "const"),
    ("thread float* p = &y.at[0]; p[0] = 0.0;", "address_space"),
    ("device float* p = &x.at[0]; p[0] = 0.0;", "const"),
    ("threadgroup float* p = &y.at[0]; p[0] = 0.0;", "address_space"),
    ("set(y.at[0], w);", "address space|no matching"),
    ("set(shared[0], w);", "address space|no matching"),
    ("double d = 1.0;", "there_is_no_double_in_msl"),
    ("w = not_in_msl(1.0);", "not_in_msl"),
    ("v = float4(1.0, 2.0);", "two scalars"),
    ("v.xy = float2(1.0, v);", "two scalars"),
    ("w = fast::fma(1.0, w, w);", "fma"),
    ("bool4 b = v == v; v = float4(b);", "takes comparisons only"),
    ("half2 h = half2(1.0, w);", "half2"),
]


@needs_clang
def test_strict_compilation(tmp_path: Path) -> None:
    file = tmp_path / "test.metal"
    file.write_text(CORRECT.replace("HERE", ""), "utf-8")
    msl.compile_text(file, True, None)


@needs_clang
@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_strict_compilation_finds(tmp_path: Path, mistake: str, message: str) -> None:
    file = tmp_path / "test.metal"
    file.write_text(CORRECT.replace("HERE", mistake), "utf-8")
    with pytest.raises(msl.MslError, match=message):
        msl.compile_text(file, True, None)


KERNEL = """\
#include <metal_stdlib>
using namespace metal;
kernel void zc_test(device uint* out [[buffer(0)]], uint me [[thread_index_in_threadgroup]],
                    uint lane [[thread_index_in_simdgroup]])
{
    threadgroup uint shared[64];
    BODY
}
""".replace(",\n                    ", ", ")


def run_library(source: str, program: str, folder: Path) -> str:
    """Compile for the CPU and run the program, which finds it as `library`, in a process of its own."""
    file, target = folder / "test.metal", folder / "test.so"
    file.write_text(source, "utf-8")
    msl.compile_text(file, False, target)
    # As tests/metal/msl/library.h has it.
    prelude = f"""
import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_uint, c_void_p
class Argument(Structure):
    _fields_ = [("name", c_char_p)]
    _fields_ += [(name, c_uint) for name in ("type", "index", "written", "size")]
class Constant(Structure):
    _fields_ = [("index", c_uint), ("type", c_uint), ("required", c_uint)]
class Function(Structure):
    _fields_ = [("name", c_char_p),
                ("run", CFUNCTYPE(c_int, POINTER(c_void_p), POINTER(c_uint), POINTER(c_uint), c_uint)),
                ("memory", c_uint), ("arguments", POINTER(Argument))]
class Library(Structure):
    _fields_ = [("functions", POINTER(Function)), ("constants", POINTER(Constant)),
                ("set_constants", CFUNCTYPE(None, POINTER(c_void_p)))]
library = Library.in_dll(ctypes.CDLL({str(target)!r}), "zc_library")
def run(out, threads, width):
    buffers, triple = (c_void_p * 1)(ctypes.addressof(out)), c_uint * 3
    return library.functions[0].run(buffers, triple(1, 1, 1), triple(threads, 1, 1), width)
"""
    done = subprocess.run(
        [sys.executable, "-c", prelude + program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not importlib.util.find_spec("ziglang"), reason="needs ziglang")
@pytest.mark.parametrize("target", ["aarch64-macos.12.0", "aarch64-linux-gnu"])
def test_threads_of_a_group_on_other_systems(tmp_path: Path, target: str) -> None:
    """The tests below run on a Mac, too, whose assembler has other directives and other names."""
    file, library = tmp_path / "test.cpp", tmp_path / "library"
    source = KERNEL.replace("BODY", "out[me] = simd_sum(1u);")
    file.write_text(msl.translate(source, False), "utf-8")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *msl.FLAGS, f"-I{msl.SHIM}"]
    command += [
        "-O2",
        "-w",
        "-fPIC",
        "-shared",
        "-fno-exceptions",
        "-nostdlib++",
        str(file),
        "-o",
        str(library),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if "macos" in target:
        assert {name for name in metal.undefined_symbols(library) if "zc" in name} == set()


def run_kernel(folder: Path, body: str, threads: int, width: int) -> tuple[int, list[int]]:
    """Run one threadgroup; the result of the run and what it wrote."""
    program = f"out = (c_uint * {threads})()\nprint(run(out, {threads}, {width}), *out)"
    result, *values = map(int, run_library(KERNEL.replace("BODY", body), program, folder).split())
    return result, values


@needs_clang
def test_threads_of_a_group(tmp_path: Path) -> None:
    body = "shared[me] = me; threadgroup_barrier(mem_flags::mem_threadgroup); out[me] = shared[63 - me];"
    assert run_kernel(tmp_path, body, 64, 32) == (0, list(range(63, -1, -1)))
    body = "out[me] = simd_sum(1u) * 1000u + simd_prefix_exclusive_sum(lane);"
    sums = [32000 + lane * (lane - 1) // 2 for lane in range(32)] + [
        8000 + lane * (lane - 1) // 2 for lane in range(8)
    ]
    assert run_kernel(tmp_path, body, 40, 32) == (0, sums)  # the last SIMD group is not full
    body = "uint4 v = uint4(0u, 1u, 2u, me); v += uint4(v == uint4(me)); out[me] = v.y * 10u + v.w;"
    assert run_kernel(tmp_path, body, 3, 32) == (0, [11, 22, 13])
    assert run_kernel(tmp_path, "out[me] = simd_max(me);", 8, 4) == (0, [3] * 4 + [7] * 4)


@needs_clang
def test_halves(tmp_path: Path) -> None:
    """Both ways, of every half and of what lies beside and between them, as NumPy has it."""
    loop = "for (uint i = me; i < COUNT; i += 64u) { out[i] = as_type<uint>(VALUE); }"
    body = loop.replace("COUNT", "65536u").replace("VALUE", "float2(as_type<half2>(out[i])).x")
    source = KERNEL.replace("BODY", body)
    program = """
import numpy as np
halves = np.arange(65536, dtype=np.uint16)
out = np.ctypeslib.as_ctypes(halves.astype(np.uint32))
assert run(out, 64, 32) == 0
got, want = np.array(out).view(np.float32), halves.view(np.float16).astype(np.float32)
print(int(((got == want) | (np.isnan(got) & np.isnan(want))).sum()))
"""
    assert run_library(source, program, tmp_path).split() == ["65536"]
    body = loop.replace("COUNT", "262144u").replace("VALUE", "half2(float2(as_type<float>(out[i]), -2.0))")
    source = KERNEL.replace("BODY", body)
    program = """
import numpy as np
exact = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
with np.errstate(all="ignore"):
    between = ((exact.astype(np.float64) + np.roll(exact, -1)) / 2).astype(np.float32)
    beside = [np.nextafter(between, np.float32(side)) for side in (np.inf, -np.inf)]
    floats = np.concatenate([exact, between, *beside])
    want = floats.astype(np.float16)
out = np.ctypeslib.as_ctypes(floats.view(np.uint32).copy())
assert run(out, 64, 32) == 0
bits = np.array(out)
got = (bits & 0xffff).astype(np.uint16).view(np.float16)
same = (got.view(np.uint16) == want.view(np.uint16)) | (np.isnan(got) & np.isnan(want))
print(int(same.sum()), set((bits >> 16).tolist()))
"""
    assert run_library(source, program, tmp_path) == f"262144 {{{0xC000}}}\n"


@needs_clang
def test_divergent_barriers_and_unset_memory(tmp_path: Path) -> None:
    body = "if (me != 5u) { threadgroup_barrier(mem_flags::mem_threadgroup); } out[me] = 1u;"
    assert run_kernel(tmp_path, body, 64, 32)[0] == 1
    body = "if (me != 5u) { return; } out[me] = shared[me];"
    assert run_kernel(tmp_path, body, 64, 32)[1][5] == 2**32 - 1


@needs_clang
@pytest.mark.parametrize("barrier", ["threadgroup_barrier(mem_flags::mem_threadgroup);", ""])
def test_a_missing_barrier_is_noticed(tmp_path: Path, barrier: str) -> None:
    """Also where a SIMD-group function stands in its place, by which all threads have had a turn."""
    body = f"shared[me] = me; uint lanes = simd_sum(1u); {barrier} out[me] = shared[63 - me] + lanes;"
    program = """
right = 0
for i in range(8):
    out = (c_uint * 64)()
    assert run(out, 64, 32) == 0
    right += list(out) == [63 - me + 32 for me in range(64)]
print(right)
"""
    assert run_library(KERNEL.replace("BODY", body), program, tmp_path) == ("8\n" if barrier else "4\n")


MATRICES = (
    KERNEL.replace("#include <metal_stdlib>", "#include <metal_stdlib>\n#include <metal_simdgroup_matrix>")
    .replace("device uint* out", "device float* out")
    .replace("threadgroup uint shared", "threadgroup half shared")
)
# Of each of two SIMD groups: 2 * a * transpose(a) + 1, a[i][j] = 8 i + j - 20 having been put there by both.
OF_MATRICES = """
    shared[me] = half(float(me) - 20.0);
    BARRIER
    simdgroup_half8x8 a, b;
    simdgroup_load(a, &shared[0], 8u);
    simdgroup_load(b, &shared[0], 8u, ulong2(0), true);
    simdgroup_float8x8 sums = simdgroup_float8x8(0.0), product;
    sums.thread_elements()[0] += 0.5;
    sums.thread_elements()[1] += 0.5;
    simdgroup_multiply_accumulate(product, a, b, sums);
    sums = simdgroup_float8x8(0.0);
    sums.thread_elements() += product.thread_elements() * 2.0;
    simdgroup_store(sums, &out[me / 32u * 64u], 8u);
"""
RUN_MATRICES = """
import numpy as np
a = np.arange(64.0).reshape(8, 8) - 20
right = 0
for i in range(8):
    out = (ctypes.c_float * 128)()
    assert run(out, 64, WIDTH) == 0
    right += bool((np.array(out).reshape(2, 8, 8) == 2 * (a @ a.T) + 1).all())
print(right)
"""


@needs_clang
def test_matrices_of_a_simd_group(tmp_path: Path) -> None:
    barrier = "threadgroup_barrier(mem_flags::mem_threadgroup);"
    source = MATRICES.replace("BODY", OF_MATRICES.replace("BARRIER", barrier))
    file = tmp_path / "strict.metal"
    file.write_text(source, "utf-8")
    msl.compile_text(file, True, None)
    assert run_library(source, RUN_MATRICES.replace("WIDTH", "32"), tmp_path) == "8\n"
    # Mistakes: found by the results, and by the compiler.
    assert run_library(source.replace(barrier, ""), RUN_MATRICES.replace("WIDTH", "32"), tmp_path) == "0\n"
    turned = source.replace("ulong2(0), true", "ulong2(0), false")
    assert run_library(turned, RUN_MATRICES.replace("WIDTH", "32"), tmp_path) == "0\n"
    file.write_text(
        source.replace("sums.thread_elements() += product.thread_elements() * 2.0", "sums += product")
    )
    with pytest.raises(msl.MslError, match="no viable overloaded"):
        msl.compile_text(file, True, None)


@needs_clang
@pytest.mark.parametrize(
    ("old", "new", "width"),
    [
        ("", "", "16"),  # not Apple's
        ("&out[me / 32u * 64u]", "&out[me]", "32"),  # lanes that disagree
        ("simdgroup_half8x8 a, b;", "simdgroup_half8x8 a, b; if (lane == 3u) { return; }", "32"),
    ],
)
def test_matrices_of_lanes_that_are_not_together(tmp_path: Path, old: str, new: str, width: str) -> None:
    source = MATRICES.replace("BODY", OF_MATRICES.replace("BARRIER", ""))
    source = source.replace(old, new) if old else source
    with pytest.raises(AssertionError):
        run_library(source, RUN_MATRICES.replace("WIDTH", width), tmp_path)


COUNTED = (
    KERNEL.replace("kernel void", "struct Push { uint n; };\nkernel void")
    .replace("kernel void zc_test(", "kernel void zc_test(constant Push& push [[buffer(1)]], ")
    .replace(", uint me", ", const device float4* x [[buffer(2)]], uint me")
)


def counted(body: str) -> metal_cost.Cost:
    return metal_cost.count(COUNTED.replace("BODY", body), None, [5])


@needs_clang
def test_counts() -> None:
    """What metal_cost.py says of code whose cost is known."""
    nothing = counted("")
    assert (nothing.instructions, nothing.loads, nothing.registers) == (0, {}, 0)
    # A load, three sums, a conversion, a store; the vector and the first sum.
    cost = counted("float4 v = x[me]; out[lane] = uint((v.x + v.y) + (v.z + v.w));")
    assert (cost.instructions, cost.loads, cost.registers) == (6, {("device", 16): 1}, 5)
    each = "float4 v = x[i]; sum += dot(v, v);"
    loop = f"float sum = 0.0; for (uint i = 0u; i < push.n; i++) {{ {each} }} out[me] = uint(sum);"
    one, two = (
        metal_cost.count(COUNTED.replace("BODY", loop), None, [times]).instructions for times in (4, 5)
    )
    assert two - one == 9  # a load, three fused and two others, an index of 64 bits and its comparison
    cost = counted("out[me] = simd_sum(me); threadgroup_barrier(mem_flags::mem_threadgroup);")
    assert (cost.instructions, cost.barriers) == (3, 1)


@needs_clang
def test_counting_finds_arrays_in_memory() -> None:
    """The shipped text of a product without what shaders.py says of its loops, and with it."""
    text = (GENERATED / "linear.metal").read_text("utf-8")
    table = shaders.read_table(ROOT)
    params = {"type": 5, "rows": 1, "n": 32, "k": 256, "ldx": 256, "ldy": 32}
    push = [0] * 12 + [1, 1, 1, 0] + [params.get(name, 0) for name, _ in table["linear"].params]
    way = 16  # 4 rows of w for each SIMD group
    without = "\n".join(line for line in text.split("\n") if "_Pragma" not in line)
    stacks = []
    for source in (text, without):
        cost = metal_cost.count(source, 5 + 24 * way, push)
        stacks.append(sum(times for (space, _), times in cost.loads.items() if space == "stack"))
        line = metal_count.Line("linear", cost, 16)
        assert any("unrolled" in wrong for wrong in line.wrong(1000.0)) == (stacks[-1] > 0)
    assert stacks[0] == 0
    assert stacks[1] > 20


def test_msl_is_completed() -> None:
    """What shaders.py puts into spirv-cross's text, and that it refuses what it does not understand."""
    text = "    uint4 a = uint4(v_1.w[at], v_1.w[at + 1u], v_1.w[at + 2u], v_1.w[at + 3u]);\n"
    assert shaders.with_loads(text) == "    uint4 a = uint4(*(const device packed_uint4*)&v_1.w[at]);\n"
    for other in (text.replace("at + 2u", "at + 4u"), text.replace("v_1.w[at + 3u]", "v_2.w[at + 3u]")):
        assert shaders.with_loads(other) == other
    short = "uint first_short(thread const uint& h, const device W& v_1)\n{\n    return v_1.w[h / 2u];\n}\n"
    assert "((const device ushort*)&v_1.w[0])[h]" in shaders.with_loads(short)
    with pytest.raises(shaders.ShaderError, match="must be one buffer"):
        shaders.with_loads(short.replace("[h / 2u]", "[h / 2u] + v_2.w[h]"))
    body = "    for (;;)\n    {\n        for (uint i = 0u; i < 4u; i++)\n        {\n        }\n    }\n"
    loops = f"void f()\n{{\n{body}}}\n"
    module = spirv.Module(loops=[("f", [0, 1])])
    marked = shaders.with_unrolling(loops, module, "zc_f")
    assert marked.count("_Pragma") == 1
    assert '_Pragma("clang loop unroll(full)")\n        for (uint i' in marked
    for wrong in ([("f", [1])], [("f", [0, 1]), ("g", [1])], [("f", [0, 1]), ("f", [1])]):
        with pytest.raises(shaders.ShaderError, match="loops"):
            shaders.with_unrolling(loops, spirv.Module(loops=wrong), "zc_f")


# As spirv-cross writes a specialization constant, and a constant without a default.
CONSTANTS = """\
constant uint type_tmp [[function_constant(0)]];
constant uint type = is_function_constant_defined(type_tmp) ? type_tmp : 7u;
constant bool _16 = (type == 3u);
constant float scale [[function_constant(4)]];
"""
WITH_CONSTANTS = KERNEL.replace("kernel void", CONSTANTS + "kernel void")


@needs_clang
def test_function_constants(tmp_path: Path) -> None:
    source = WITH_CONSTANTS.replace("BODY", "out[me] = type * 10u + uint(_16) + uint(scale * 1000.0);")
    program = """
kind, scale, out = c_uint(3), ctypes.c_float(0.5), (c_uint * 1)()
for each in library.constants[0:3]:
    print(each.index, each.type, each.required)
for first in (kind, None):
    values = (c_void_p * 2)(first and ctypes.addressof(first), ctypes.addressof(scale))
    library.set_constants(values)
    print(run(out, 1, 32), out[0])
argument = library.functions[0].arguments[0]
print(argument.name.decode(), argument.type, argument.index, argument.written, argument.size)
"""
    lines = run_library(source, program, tmp_path).splitlines()
    assert lines == ["0 33 0", "4 3 1", "0 0 0", "0 531", "0 570", "out 0 0 1 4"]


@needs_clang
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("BODY", "out[me] = type;", ""),
        ("BODY", "type = 1u;", "const"),
        ("BODY", "type_tmp = 1u;", "const"),
        ("BODY", "out[me] = uint(is_function_constant_defined(me));", "function_constant_me"),
        ("constant uint type_tmp [[", "constant uint type_tmp = 1u [[", "a function constant is not"),
    ],
)
def test_strict_function_constants(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "test.metal"
    file.write_text(WITH_CONSTANTS.replace(old, new).replace("BODY", ""), "utf-8")
    if not message:
        msl.compile_text(file, True, None)
        return
    with pytest.raises(msl.MslError, match=message):
        msl.compile_text(file, True, None)


API_MISTAKES = [
    # in the backend, each where its text is
    (
        "zc_metal_queue.m",
        "[encoder endEncoding];",
        "[(id<MTLFence>)encoder endEncoding];",
        "receiver has no type",
    ),
    (
        "zc_device_metal.m",
        "self->resident_limit = info->memory;",
        "zc_metal_make_residency_macos15(self);",
        "no condition",
    ),
    ("zc_metal_residency.m", "make_residency_macos15(", "make_residency(", "came with macOS 15"),
    ("zc_metal*", "keep_resident_macos15", "keep_resident_macos14", "came with macOS 15"),
    ("zc_metal*", "MTLResidencySet_macos15", "MTLResidencySet_macos14", "came with macOS 15"),
    ("zc_metal*", "set_language_macos14", "set_language", "MTLLanguageVersion3_1_macos14 in set_language"),
    ("zc_metal*", "196609", "196610", "MTLLanguageVersion3_1_macos14 is 196610"),
    ("zc_metal*", "id architecture", "int architecture", r"architecture\] is"),
    ("zc_metal*", "MTLCommandQueue_macos15", "MTLQueue_macos15", "MTLQueue_macos15 is not in the"),
    ("zc_metal*", "(void)requestResidency", "(int)requestResidency", r"requestResidency\] is"),
    # in the headers
    ("Metal.h", "MTLBarrierScopeBuffers = 1", "MTLBarrierScopeBuffers = 2", "MTLBarrierScopeBuffers is 2"),
    ("Metal.h", "NSUInteger width, height, depth;", "NSUInteger width, depth, height;", "struct MTLSize"),
    ("Metal.h", "- (void)endEncoding;", "- (int)endEncoding;", r"endEncoding\] is"),
    ("Metal.h", "offset:(NSUInteger)offset", "offset:(uint32_t)offset", r"setBuffer:offset:atIndex:\] is"),
    (
        "Metal.h",
        "@property(readonly) BOOL hasUnifiedMemory;",
        "@property(readonly) int hasUnifiedMemory;",
        "hasUnif",
    ),
    (
        "Metal.h",
        "- (void)stopCapture;",
        "+ (void)stopCapture;",
        r"\+\[MTLCaptureManager stopCapture\] is not",
    ),
    ("Metal.h", "- (void)stopCapture;", "- (void)stopCapture;\n- (void)pauseCapture;", "pauseCapture"),
    ("Metal.h", "MTLCreateSystemDefaultDevice", "MTLMakeDevice", "MTLMakeDevice|undeclared|implicit"),
]


def planted(folder: Path, where: str, old: str, new: str) -> tuple[list[Path], Path]:
    """Copies of the backend's files and of the headers, with this mistake and no other."""
    headers, backend = folder / "headers", folder / "device" / "metal"
    shutil.copytree(ROOT / "tests" / "metal" / "headers", headers)
    shutil.copytree(ROOT / "csrc" / "device" / "metal", backend)
    targets = [headers / "Metal" / where] if where == "Metal.h" else sorted(backend.glob(where))
    assert any(old in target.read_text("utf-8") for target in targets)
    for target in targets:
        text = target.read_text("utf-8").replace(old, new)
        # Includes of each other by name, since those of the sources would be found first.
        target.write_text(re.sub(r'"device/metal/(zc_metal\w*\.h)"', rf'"{backend}/\1"', text), "utf-8")
    files = sorted(backend.glob("*.m"))
    assert [file.name for file in files] == [file.name for file in sources.objective_c()]
    return files, headers


@needs_metadata
@pytest.mark.parametrize(("where", "old", "new", "message"), API_MISTAKES)
def test_api_check_finds(tmp_path: Path, where: str, old: str, new: str, message: str) -> None:
    files, headers = planted(tmp_path, where, old, new)
    with pytest.raises(metal_api.ApiError, match=message):
        metal_api.check(ROOT, files, headers, "12.0")


@needs_metadata
def test_api_holds() -> None:
    headers = ROOT / "tests" / "metal" / "headers"
    metal_api.check(ROOT, sources.objective_c(), headers, "12.0")
    with pytest.raises(metal_api.ApiError, match="came with macOS 10"):
        metal_api.check(ROOT, sources.objective_c(), headers, "10.9")


RESIDENCY = "(id<MTLCommandQueue_macos15>)queue"
SDK_MISTAKES = [
    # No SDK before that of macOS 15 knows this type.
    (
        "zc_metal_residency.m",
        RESIDENCY,
        "(id<MTLResidencySet>)queue",
        ["12.0", "14.4"],
        "no type or protocol named",
    ),
    # Declared since macOS 13, and warned of where the program is to run on 12.
    (
        "zc_metal_pipeline.m",
        "(id<MTLComputePipelineReflection_macos13>)",
        "",
        ["12.0"],
        "may not respond to 'bindings'",
    ),
    (
        "zc_metal_pipeline.m",
        "(id<MTLComputePipelineReflection_macos13>)",
        "",
        ["15.0"],
        "only available on macOS 13",
    ),
    (
        "zc_metal_pipeline.m",
        "#pragma clang diagnostic ignored",
        "#pragma clang diagnostic error",
        ["15.0"],
        "deprecat",
    ),
]


@needs_metadata
@pytest.mark.parametrize(("where", "old", "new", "versions", "message"), SDK_MISTAKES)
def test_cross_check_finds(
    tmp_path: Path, where: str, old: str, new: str, versions: list[str], message: str
) -> None:
    """What the headers of a Mac's SDK would say, without the headers."""
    files, headers = planted(tmp_path, where, old, new)
    for text in versions:
        with pytest.raises(metal_api.ApiError, match=message):
            metal_sdk.check(ROOT, files, headers, "12.0", tmp_path, [metal_sdk.version(text)])


@needs_metadata
def test_headers_of_an_sdk(tmp_path: Path) -> None:
    """Each has what its system had, with the words of Apple's about when."""
    files = [metal_api.fetch(framework, METADATA) for framework in metal_api.SDISTS]
    metadata = metal_api.Metadata(files)
    known = metal_sdk.sdks(files, (12, 0))
    assert known[0] == (12, 0)
    assert {(13, 0), (14, 0), (15, 0), (26, 0)} <= set(known)
    texts = []
    for sdk in ((12, 0), (26, 0)):
        metal_sdk.make_headers(ROOT, ROOT / "tests" / "metal" / "headers", tmp_path, metadata, sdk)
        texts.append((tmp_path / "Metal" / "Metal.h").read_text("ascii"))
    old, new = texts
    assert "MTLResidencySet" not in old
    assert "bindings" not in old
    assert "MTLAllocation" not in old
    assert "deprecated" not in old
    assert (
        "BOOL fastMathEnabled __attribute__((availability(macos,introduced=10.11,deprecated=15.0))) ;" in new
    )
    assert "NSArray *bindings __attribute__((availability(macos,introduced=13.0))) ;" in new
    assert "__attribute__((availability(macos,introduced=15.0))) @protocol MTLResidencySet <NSObject>" in new


FAKE_XCRUN = """\
#!/bin/sh
echo "${DEVELOPER_DIR%.app/*} $*" >> "$LOG"
case "$*" in
*--show-sdk-version) echo 15.5 ;;
*MetalToolchain) touch "$LOG.toolchain" ;;
*"macosx metal "*) case "$DEVELOPER_DIR" in *26*) [ -e "$LOG.toolchain" ] || exit 1 ;; esac ;;
*zc_metal_queue.m) [ -z "$REFUSE" ] || { echo "a warning"; exit 1; } ;;
esac
"""


@pytest.mark.parametrize("refused", [False, True])
def test_apple_compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: bool) -> None:
    """What is asked of which Xcode; what they say, only a Mac can tell."""
    log, programs = tmp_path / "log", tmp_path / "bin"
    for name in ("Xcode_16.app", "Xcode_16.4.app", "Xcode_26.10.app", "Xcode_26.9.app", "Xcode_27_beta.app"):
        (tmp_path / name).mkdir()
    (tmp_path / "Xcode.app").symlink_to(tmp_path / "Xcode_16.4.app")
    programs.mkdir()
    for name in ("xcrun", "xcodebuild"):
        (programs / name).write_text(FAKE_XCRUN, "ascii")
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "LOG": str(log),
        "REFUSE": "1" * refused,
        "CI": "true",
    }
    for key, value in {**environment, "DEVELOPER_DIR": ""}.items():
        monkeypatch.setenv(key, value)
    if refused:
        with pytest.raises(metal.MetalError, match=r"zc_metal_queue\.m for macOS 12\.0:\na warning"):
            metal.apple(tmp_path)
    else:
        metal.apple(tmp_path)
    lines = [line.split(" ") for line in log.read_text("utf-8").splitlines()]
    assert {Path(words[0]).name for words in lines} == {"Xcode_16", "Xcode_26.10"}
    shaders_done = [words for words in lines if "-c" in words]
    assert len(shaders_done) == 2 * len(list(GENERATED.glob("*.metal")))
    assert all("-fno-fast-math" in words for words in shaders_done)
    languages = [words for words in shaders_done if "-std=macos-metal2.3" in words]
    others = {Path(words[words.index("-c") + 1]).stem for words in shaders_done if "-std=metal3.1" in words}
    assert others == {f"{name}_matrix" for name in shaders.MSL_MATRIX}
    assert len(languages) == len(shaders_done) - 2 * len(others)
    backend = (ROOT / "csrc" / "device" / "metal" / "zc_metal_pipeline.m").read_text("utf-8")
    assert "[options setFastMathEnabled:NO]" in backend
    assert "[options setLanguageVersion:MTLLanguageVersion2_3]" in backend
    assert "[options setLanguageVersion:MTLLanguageVersion3_1_macos14]" in backend
    compiled = [words for words in lines if "-fsyntax-only" in words]
    blas = [words for words in compiled if words[-1].endswith("accelerate.c")]
    assert len(blas) == 4
    assert sum("-DACCELERATE_NEW_LAPACK" in words for words in blas) == 2
    compiled = [words for words in compiled if words[-1].endswith(".m")]
    assert len(compiled) == 4 * len(sources.objective_c())
    assert all("-Werror" in words for words in compiled)
    assert {words[words.index("-target") + 1] for words in compiled} == {
        "arm64-apple-macos12.0",
        "arm64-apple-macos15.5",
    }
    assert sum("MetalToolchain" in words for words in lines) == 1


ACCELERATE = """\
enum CBLAS_ORDER { CblasRowMajor = 101, CblasColMajor = 102 };
enum CBLAS_TRANSPOSE { CblasNoTrans = 111, CblasTrans = 112, CblasConjTrans = 113 };
extern void cblas_sgemm(const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE ta,
                        const enum CBLAS_TRANSPOSE tb, const NUMBER m, const int n, const int k,
                        const float alpha, const float *a, const int lda, const float *b, const int ldb,
                        const float beta, float *c, const int ldc);
"""


@pytest.mark.parametrize("number", ["int", "long"])
def test_declaration_of_a_blas(tmp_path: Path, number: str) -> None:
    """The file that a Mac compiles accepts what BLAS declares, and nothing else."""
    (tmp_path / "Accelerate").mkdir()
    (tmp_path / "Accelerate" / "Accelerate.h").write_text(ACCELERATE.replace("NUMBER", number), "ascii")
    command = ["cc", *flags.OURS, *sources.include_flags(), f"-I{tmp_path}", "-Werror", "-fsyntax-only"]
    command += ["-Wno-cast-function-type", str(ROOT / "tests" / "metal" / "accelerate.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (number == "int"), done.stderr
    assert number == "int" or "conflicting types for" in done.stderr
