"""buildtools/wasm3.py: fetching by hash, patching exactly, and saying clearly what went wrong.

Everything runs on a made-up sdist in tmp_path; only the tests of the repository's own patches read it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# By path and under another name: pywasm3's module is called wasm3, too.
spec = importlib.util.spec_from_file_location("buildtools_wasm3", ROOT / "buildtools" / "wasm3.py")
assert spec is not None
assert spec.loader is not None
wasm3 = sys.modules["buildtools_wasm3"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wasm3)

SOURCE = b"".join(b"line %d\n" % i for i in range(1, 21))
CRLF = b"one\r\ntwo\r\nthree\r\n"
LICENCE = b"MIT License\n\nCopyright (c) someone\n"


def sdist(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


SDIST = sdist(
    {
        "pywasm3-0.5.0/LICENSE": LICENCE,
        "pywasm3-0.5.0/setup.py": b"raise SystemExit('nobody runs this')\n",
        "pywasm3-0.5.0/m3module.c": b"not wanted\n",
        "pywasm3-0.5.0/wasm3/m3_a.c": SOURCE,
        "pywasm3-0.5.0/wasm3/m3_b.h": CRLF,
    }
)
EXPECTED = hashlib.sha256(SDIST).hexdigest()

GOOD = b"""\
Why and which test.

--- a/m3_a.c
+++ b/m3_a.c
@@ -1,3 +1,4 @@
 line 1
+between
 line 2
 line 3
@@ -9,3 +10,2 @@
 line 9
-line 10
 line 11
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder, and a pip that can reach nothing."""
    (tmp_path / "csrc" / "wasm3_patches").mkdir(parents=True)
    monkeypatch.setenv("ZCWASM_WASM3_SDIST", str(tmp_path / "given.tar.gz"))
    (tmp_path / "given.tar.gz").write_bytes(SDIST)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "ZCWASM_VERBOSE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_RETRIES", "0")
    return tmp_path


def prepare(project: Path, **options: bool) -> bool:
    return wasm3.prepare(project, expected=EXPECTED, **options)


def put_patch(project: Path, data: bytes, name: str = "0001-x.patch") -> None:
    (project / "csrc" / "wasm3_patches" / name).write_bytes(data)


def tree(project: Path) -> Path:
    return project / "csrc" / "wasm3"


def apply(data: bytes) -> dict[str, list[bytes]]:
    files = {"m3_a.c": wasm3.split_lines(SOURCE), "m3_b.h": wasm3.split_lines(CRLF)}
    return wasm3.apply_patch(files, wasm3.parse_patch("p.patch", data))


def sentence(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text
    assert "Traceback" not in text
    return text


# ---- the applier -----------------------------------------------------------------------------------


def test_patch_applies_exactly() -> None:
    out = b"".join(apply(GOOD)["m3_a.c"])
    assert out == SOURCE.replace(b"line 2\n", b"between\nline 2\n", 1).replace(b"line 10\n", b"")


def test_patch_keeps_crlf() -> None:
    patch = b"--- a/m3_b.h\n+++ b/m3_b.h\n@@ -1,2 +1,2 @@\n-one\r\n+uno\r\n two\r\n"
    assert b"".join(apply(patch)["m3_b.h"]) == CRLF.replace(b"one", b"uno")
    with pytest.raises(wasm3.Wasm3Error, match="does not match"):
        apply(patch.replace(b"\r", b""))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((b" line 3\n", b" line three\n"), r"m3_a\.c, hunk 1 does not match at line 1$"),
        ((b" line 9\n", b" line  9\n"), r"m3_a\.c, hunk 2 does not match at line 9$"),
        ((b"-line 10\n", b"-line ten\n"), r"hunk 2 does not match"),
        ((b"@@ -1,3 +1,4 @@", b"@@ -2,3 +2,4 @@"), r"hunk 1 does not match at line 2$"),
        ((b"@@ -9,3 +10,2 @@", b"@@ -8,3 +9,2 @@"), r"hunk 2 does not match at line 8$"),
        ((b"@@ -9,3 +10,2 @@", b"@@ -9,3 +9,2 @@"), r"line 10: the hunk's new line number"),
        ((b"@@ -9,3 +10,2 @@", b"@@ -2,3 +3,2 @@"), r"hunk 2 does not match"),
        ((b"@@ -9,3 +10,2 @@", b"@@ -9,4 +10,2 @@"), r"cut short"),
        ((b"@@ -1,3 +1,4 @@", b"@@ -1,3 +1,3 @@"), r"more lines than its header|neither a file header"),
        ((b"@@ -9,3 +10,2 @@", b"@@ nine @@"), r"neither a file header nor a hunk header"),
        ((b"m3_a.c", b"m3_z.c"), r"there is no file m3_z\.c"),
        ((b"m3_a.c", b"../zc_region.c"), r"plain files of wasm3 only, not '\.\./zc_region\.c'"),
        ((b"m3_a.c", b"/etc/passwd"), r"plain files of wasm3 only"),
        ((b"m3_a.c", b"sub/m3_a.c"), r"plain files of wasm3 only"),
        ((b"+++ b/m3_a.c", b"+++ b/m3_b.h"), r"the same FILE"),
        ((b"--- a/m3_a.c", b"--- /dev/null"), r"the same FILE"),
    ],
)
def test_patch_refused(change: tuple[bytes, bytes], says: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(wasm3.Wasm3Error, match=says) as caught:
        apply(GOOD.replace(*change))
    assert sentence(caught.value).startswith("p.patch")


@pytest.mark.parametrize("data", [b"", b"only prose\n", b"--- a/m3_a.c\n+++ b/m3_a.c\n"])
def test_patch_without_hunks_refused(data: bytes) -> None:
    with pytest.raises(wasm3.Wasm3Error, match=r"p\.patch contains no hunk"):
        apply(data)


def test_hunk_without_context_refused() -> None:
    with pytest.raises(wasm3.Wasm3Error, match="without context"):
        apply(b"--- a/m3_a.c\n+++ b/m3_a.c\n@@ -5,0 +6,1 @@\n+x\n")


# ---- csrc/wasm3/ and its stamp ---------------------------------------------------------------------


def test_prepare_writes_patched_sources_and_licence(project: Path) -> None:
    put_patch(project, GOOD)
    assert prepare(project)
    assert sorted(p.name for p in tree(project).iterdir()) == ["LICENSE", "STAMP.json", "m3_a.c", "m3_b.h"]
    assert b"between\n" in (tree(project) / "m3_a.c").read_bytes()
    assert (tree(project) / "m3_b.h").read_bytes() == CRLF
    assert (tree(project) / "LICENSE").read_bytes() == LICENCE
    assert [p.name for p in (project / "csrc").iterdir() if p.name.startswith(".")] == []
    wasm3.check(project, expected=EXPECTED)


def test_second_prepare_does_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_patch(project, GOOD)
    prepare(project)
    monkeypatch.setattr(wasm3, "get_sdist", lambda *_: pytest.fail("the sdist was asked for"))
    assert not prepare(project)
    put_patch(project, b"More prose.\n" + GOOD)
    assert not prepare(project)


def test_changed_patches_make_it_anew_and_keep_times_of_unchanged_files(project: Path) -> None:
    prepare(project)
    os.utime(tree(project) / "m3_b.h", (1, 1))
    put_patch(project, GOOD)
    assert prepare(project)
    assert (tree(project) / "m3_b.h").stat().st_mtime == 1
    assert b"between\n" in (tree(project) / "m3_a.c").read_bytes()


def test_patches_apply_in_name_order(project: Path) -> None:
    header = b"--- a/m3_b.h\n+++ b/m3_b.h\n@@ -1,2 +1,2 @@\n"
    put_patch(project, header + b"-2\r\n+3\r\n two\r\n", "0002-b.patch")
    put_patch(project, header + b"-one\r\n+2\r\n two\r\n", "0001-a.patch")
    prepare(project)
    assert (tree(project) / "m3_b.h").read_bytes() == CRLF.replace(b"one", b"3")


def test_failing_patch_leaves_the_tree_as_it_was(project: Path) -> None:
    prepare(project)
    put_patch(project, GOOD.replace(b" line 3", b" line drei"))
    with pytest.raises(wasm3.Wasm3Error, match=r"^0001-x\.patch does not apply: m3_a\.c, hunk 1"):
        prepare(project)
    assert (tree(project) / "m3_a.c").read_bytes() == SOURCE


def test_edits_are_never_lost_silently(project: Path) -> None:
    prepare(project)
    edit = SOURCE.replace(b"line 5", b"line five")
    (tree(project) / "m3_a.c").write_bytes(edit)
    assert not prepare(project)
    with pytest.raises(wasm3.Wasm3Error, match=r"edits that are in no patch: m3_a\.c$"):
        wasm3.check(project, expected=EXPECTED)
    put_patch(project, GOOD)
    with pytest.raises(wasm3.Wasm3Error, match=r"the patches changed.*m3_a\.c"):
        prepare(project)
    assert (tree(project) / "m3_a.c").read_bytes() == edit
    assert prepare(project, force=True)
    wasm3.check(project, expected=EXPECTED)


def test_foreign_or_damaged_folder_is_refused(project: Path) -> None:
    tree(project).mkdir()
    with pytest.raises(wasm3.Wasm3Error, match="exists without STAMP"):
        prepare(project)
    (tree(project) / "STAMP.json").write_text("{")
    with pytest.raises(wasm3.Wasm3Error, match="is damaged"):
        prepare(project)


def test_check_says_what_is_wrong(project: Path) -> None:
    with pytest.raises(wasm3.Wasm3Error, match="is missing"):
        wasm3.check(project, expected=EXPECTED)
    prepare(project)
    put_patch(project, GOOD)
    with pytest.raises(wasm3.Wasm3Error, match="other patches"):
        wasm3.check(project, expected=EXPECTED)


# ---- writing patches -------------------------------------------------------------------------------


def test_save_edits_numbers_patches_and_round_trips(project: Path) -> None:
    prepare(project)
    for number, (old, new) in enumerate([(b"line 4\n", b"four\n4b\n"), (b"line 18\n", b"")], 1):
        path = tree(project) / "m3_a.c"
        path.write_bytes(path.read_bytes().replace(old, new))
        patch = wasm3.save_edits(project, f"change-{number}", expected=EXPECTED)
        assert patch.name == f"{number:04}-change-{number}.patch"
        assert b"Why: " in patch.read_bytes()
        wasm3.check(project, expected=EXPECTED)
    before = path.read_bytes()
    prepare(project, force=True)
    assert path.read_bytes() == before
    with pytest.raises(wasm3.Wasm3Error, match="no edits"):
        wasm3.save_edits(project, "nothing", expected=EXPECTED)


def test_save_edits_folds_into_an_older_patch_and_moves_later_ones(project: Path) -> None:
    prepare(project)
    path = tree(project) / "m3_a.c"
    path.write_bytes(path.read_bytes().replace(b"line 4\n", b"four\n"))
    first = wasm3.save_edits(project, "first", expected=EXPECTED)
    first.write_bytes(first.read_bytes().replace(b"SAY WHY", b"KEPT"))
    path.write_bytes(path.read_bytes().replace(b"line 18\n", b"eighteen\n"))
    second = wasm3.save_edits(project, "second", expected=EXPECTED)
    path.write_bytes(path.read_bytes().replace(b"four\n", b"four\nand a half\n"))
    assert wasm3.save_edits(project, "first", expected=EXPECTED) == first
    assert b"KEPT" in first.read_bytes()
    assert b"+and a half" in first.read_bytes()
    assert b"@@ -16," in second.read_bytes()
    wasm3.check(project, expected=EXPECTED)
    before = path.read_bytes()
    prepare(project, force=True)
    assert path.read_bytes() == before


def test_save_edits_refuses_added_files_and_odd_names(project: Path) -> None:
    prepare(project)
    (tree(project) / "m3_new.c").write_bytes(b"int x;\n")
    with pytest.raises(wasm3.Wasm3Error, match=r"added or removed: m3_new\.c"):
        wasm3.save_edits(project, "new", expected=EXPECTED)
    (tree(project) / "m3_new.c").unlink()
    (tree(project) / "m3_a.c").write_bytes(b"")
    with pytest.raises(wasm3.Wasm3Error, match="neither a patch nor a name"):
        wasm3.save_edits(project, "../x", expected=EXPECTED)


# ---- fetching --------------------------------------------------------------------------------------


def test_given_sdist_with_wrong_hash(project: Path) -> None:
    (project / "given.tar.gz").write_bytes(b"something else")
    got = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(wasm3.Wasm3Error, match=f"sha256 {got}, expected {EXPECTED}") as caught:
        prepare(project)
    sentence(caught.value)


def test_given_sdist_that_is_not_there(project: Path) -> None:
    (project / "given.tar.gz").unlink()
    with pytest.raises(wasm3.Wasm3Error, match="cannot be read: No such file") as caught:
        prepare(project)
    sentence(caught.value)


@pytest.mark.parametrize("no_index", [False, True])
def test_missing_network(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], no_index: bool
) -> None:
    monkeypatch.delenv("ZCWASM_WASM3_SDIST")
    if no_index:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(wasm3.Wasm3Error, match="pip cannot fetch the sdist of pywasm3") as caught:
        prepare(project)
    assert "ZCWASM_WASM3_SDIST" in sentence(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not tree(project).exists()
    monkeypatch.setenv("ZCWASM_VERBOSE", "1")
    with pytest.raises(wasm3.Wasm3Error):
        prepare(project)
    assert "ERROR: " in capfd.readouterr().err


def test_index_with_another_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCWASM_WASM3_SDIST")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(project / "links"))
    (project / "links").mkdir()
    (project / "links" / "pywasm3-0.5.0.tar.gz").write_bytes(SDIST)
    with pytest.raises(wasm3.Wasm3Error, match=f"has sha256 {EXPECTED}, expected {wasm3.SHA256}") as caught:
        wasm3.prepare(project)
    sentence(caught.value)


def test_python_without_pip(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCWASM_WASM3_SDIST")
    answer = subprocess.CompletedProcess([], 1, "python: No module named pip\n")
    monkeypatch.setattr(wasm3.subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(wasm3.Wasm3Error, match="pip is needed to fetch pywasm3"):
        prepare(project)


def test_cache_is_used_and_a_spoilt_cache_is_not(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCWASM_WASM3_SDIST")
    cache = project / "build" / "pywasm3-0.5.0.tar.gz"
    monkeypatch.setattr(wasm3, "pip_download", lambda *_: project / "given.tar.gz")
    prepare(project)
    assert cache.read_bytes() == SDIST
    monkeypatch.setattr(wasm3, "pip_download", lambda *_: pytest.fail("pip was asked"))
    prepare(project, force=True)
    cache.write_bytes(b"spoilt")
    monkeypatch.setattr(wasm3, "pip_download", lambda *_: project / "given.tar.gz")
    prepare(project, force=True)
    assert cache.read_bytes() == SDIST


def test_download_that_differs_from_what_pip_checked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCWASM_WASM3_SDIST")
    (project / "given.tar.gz").write_bytes(b"x")
    monkeypatch.setattr(wasm3, "pip_download", lambda *_: project / "given.tar.gz")
    with pytest.raises(wasm3.Wasm3Error, match="pip delivered pywasm3"):
        prepare(project)


def test_archive_paths_are_not_used(project: Path) -> None:
    hostile = sdist(
        {
            "p/LICENSE": LICENCE,
            "p/wasm3/m3_a.c": SOURCE,
            "p/wasm3/../../escaped.c": b"x",
            "../wasm3/evil.c": b"x",
            "/p/wasm3/absolute.c": b"x",
            "p/wasm3/sub/deep.c": b"x",
        }
    )
    files = wasm3.unpack(hostile)
    assert all(re.fullmatch(r"\w+\.[ch]|LICENSE", name) for name in files)
    assert "escaped.c" not in files
    with pytest.raises(wasm3.Wasm3Error, match="no wasm3/ sources or no LICENSE"):
        wasm3.unpack(sdist({"p/LICENSE": LICENCE}))


# ---- the repository's own patches ------------------------------------------------------------------


@pytest.mark.parametrize("path", wasm3.patch_files(ROOT), ids=lambda path: path.name)
def test_patch_opens_with_its_reason_and_its_tests(path: Path) -> None:
    patch = wasm3.parse_patch(path.name, path.read_bytes())
    prose = patch.prose.decode("utf-8")
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.patch", path.name)
    assert re.search(r"^Why: .", prose, re.MULTILINE)
    assert "SAY W" not in prose
    tests = re.findall(r"(tests/\w+\.py)::(\w+)", prose)
    assert tests, "no Test: line"
    for file, name in tests:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_source_is_the_sdist_plus_the_patches() -> None:
    if "CI" not in os.environ and wasm3.edited(ROOT, wasm3.read_stamp(ROOT) or {"files": {}}):
        pytest.skip("csrc/wasm3 has edits that are being made into a patch")
    wasm3.check(ROOT)


DRIVER = r"""
#include "wasm3.h"
#include "wasm_bytes.h"
#include <stdio.h>

int main(void) {
    IM3Runtime runtime = m3_NewRuntime(m3_NewEnvironment(), 65536, 0);
    IM3Module module = 0;
    IM3Function function = 0;
    M3Result r = m3_ParseModule(m3_NewEnvironment(), &module, wasm_bytes, sizeof wasm_bytes);
    if (!r) r = m3_LoadModule(runtime, module);
    if (!r) r = m3_FindFunction(&function, runtime, "f");
    if (!r) r = m3_CallV(function);
    int result = 0;
    if (!r) r = m3_GetResultsV(function, &result);
    printf("%s %d\n", r ? r : "ok", result);
    return 0;
}
"""


def straight_line_module(count: int) -> bytes:
    """(func (export "f") (result i32) (local i32) local 0 += 1, count times; local.get 0)"""

    def leb(value: int) -> bytes:
        out = b""
        while value > 0x7F:
            out += bytes([value & 0x7F | 0x80])
            value >>= 7
        return out + bytes([value])

    def section(number: int, content: bytes) -> bytes:
        return bytes([number]) + leb(len(content)) + content

    body = b"\x01\x01\x7f" + b"\x20\x00\x41\x01\x6a\x21\x00" * count + b"\x20\x00\x0b"
    return (
        b"\0asm\x01\0\0\0"
        + section(1, b"\x01\x60\x00\x01\x7f")
        + section(3, b"\x01\x00")
        + section(7, b"\x01\x01f\x00\x00")
        + section(10, b"\x01" + leb(len(body)) + body)
    )


@pytest.mark.slow
def test_unoptimised_clang_build_keeps_tail_calls(tmp_path: Path) -> None:
    """60,000 operations in a row run in 1 MiB of native stack with the patch, and not without it."""
    if shutil.which("clang") is None:
        pytest.skip("clang is not installed")
    cache = ROOT / "build" / "pywasm3-0.5.0.tar.gz"
    if not cache.is_file():
        pytest.skip("the build did not fetch wasm3's sdist (it came with zcwasm's own)")
    pristine = wasm3.unpack(cache.read_bytes())
    name = "0001-musttail.patch"
    data = (ROOT / "csrc" / "wasm3_patches" / name).read_bytes()
    outputs = []
    for files in (pristine, wasm3.apply_patch(pristine, wasm3.parse_patch(name, data))):
        folder = tmp_path / str(len(outputs))
        folder.mkdir()
        for file, lines in files.items():
            (folder / file).write_bytes(b"".join(lines))
        module = ",".join(map(str, straight_line_module(30_000)))
        (folder / "wasm_bytes.h").write_text(f"static const unsigned char wasm_bytes[] = {{{module}}};\n")
        (folder / "main.c").write_text(DRIVER)
        sources = sorted(str(path) for path in folder.glob("*.c"))
        build = ["clang", "-std=gnu11", "-O0", "-w", *sources, "-lm", "-o", str(folder / "main")]
        subprocess.run(build, check=True)
        run = subprocess.run(
            ["sh", "-c", 'ulimit -s 1024; exec "$0"', str(folder / "main")],
            capture_output=True,
            text=True,
            check=False,
        )
        outputs.append(run.stdout)
    assert outputs == ["", "ok 30000\n"]
