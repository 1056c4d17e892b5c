"""Builds zcwasm._core: our C sources and wasm3's patched ones in one extension module.

Everything else about the package is in pyproject.toml, but for what needs the repository's address: the
README, whose links are made absolute, and the project's URLs.
wasm3's source is made ready before setuptools looks at anything, because the list of sources and the licence
files depend on it.

Environment: CC and CFLAGS as usual; ZCWASM_WERROR=1 makes warnings in our files errors;
ZCWASM_SANITIZE=address,undefined builds for testing, with clang.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "buildtools"))

import flags  # noqa: E402
import readme  # noqa: E402
import sources  # noqa: E402
import wasm3  # noqa: E402

import shaders  # noqa: E402

SANITIZE = os.environ.get("ZCWASM_SANITIZE", "")

COMMON, OURS, WASM3 = list(flags.COMMON), list(flags.OURS), list(flags.WASM3)
LINK = ["-pthread"]
MACOS = sys.platform == "darwin"
if MACOS:
    LINK += [word for framework in flags.METAL_FRAMEWORKS for word in ("-framework", framework)]

WERROR = ["-Werror"] if os.environ.get("ZCWASM_WERROR") else []
if SANITIZE:
    # Only clang keeps wasm3's tail calls then (csrc/wasm3_patches/0001-musttail.patch).
    os.environ.setdefault("CC", "clang")
    instrument = [f"-fsanitize={SANITIZE}"]
    COMMON += [*instrument, "-g", "-O1", "-fno-omit-frame-pointer", "-UNDEBUG"]
    WASM3 += ["-fno-omit-frame-pointer"]
    LINK += [*instrument, "-shared-libsan"]


class BuildCore(build_ext):
    """Compiles in parallel, wasm3 with its own flags, and again only what changed."""

    def build_extension(self, ext: Extension) -> None:
        compiler = self.compiler
        ext.define_macros.append(("ZCWASM_VERSION", f'"{self.distribution.get_version()}"'))
        # Objects of differing flags, compilers or Pythons live in differing folders. The suffix tells a debug
        # build and one without the GIL from the usual one, which the cache tag does not.
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        flags_of_all = [COMMON, OURS, WASM3, WERROR, LINK]
        settings = repr((compiler.compiler_so, compiler.linker_so, flags_of_all, ext.define_macros, suffix))
        temp = Path(self.build_temp)
        if self.editable_mode:  # setuptools gives a folder that it deletes: the next build would begin anew
            temp = Path("build") / f"temp.{self.plat_name}-{sys.implementation.cache_tag}"
        folder = temp / f"{zlib.crc32(settings.encode()):08x}"
        files = [*ext.sources, str(shaders.embed(ROOT, folder / "zc_shader_data.c"))]

        def compile_one(source: str) -> str:
            (target,) = compiler.object_filenames([source], output_dir=str(folder))
            if not sources.is_current(Path(target), Path(source)):
                ours = flags.OBJECTIVE_C + WERROR if source.endswith(".m") else OURS + WERROR
                theirs = sources.is_wasm3(Path(source))
                compiler.compile(
                    [source],
                    output_dir=str(folder),
                    macros=ext.define_macros,
                    include_dirs=ext.include_dirs,
                    extra_postargs=COMMON + sources.DEPFILE_FLAGS + (WASM3 if theirs else ours),
                )
            return str(target)

        for source in files:  # beforehand, because the threads would race for it
            (folder / source).parent.mkdir(parents=True, exist_ok=True)
        biggest_first = sorted(files, key=os.path.getsize, reverse=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compile_one, biggest_first))
        compiler.link_shared_object(
            sorted(objects),
            self.get_ext_fullpath(ext.name),
            libraries=ext.libraries,
            extra_postargs=LINK,
            build_temp=str(folder),
        )


def main() -> None:
    try:
        wasm3.prepare(ROOT)
    except wasm3.Wasm3Error as error:
        sys.exit(f"zcwasm cannot be built: {error}")
    files = [*sources.core(), *sources.python(), *sources.wasm3(), *(sources.objective_c() if MACOS else [])]
    setup(
        long_description=readme.for_index(ROOT),
        long_description_content_type="text/markdown",
        project_urls=readme.addresses(),
        ext_modules=[
            Extension(
                "zcwasm._core",
                sources=[path.relative_to(ROOT).as_posix() for path in files],
                include_dirs=[
                    folder.relative_to(ROOT).as_posix() for folder in sources.include_folders(ROOT)
                ],
                define_macros=[("ZCWASM_HAVE_METAL", None)] if MACOS else [],
                libraries=["m", "dl"] if sys.platform == "linux" else [],
            )
        ],
        cmdclass={"build_ext": BuildCore},
    )


main()
