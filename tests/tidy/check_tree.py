#!/usr/bin/env python3
"""The shape of the repository: size and names of files, what may lie at the top, a README for each model, no source
file that nobody builds, no path of somebody's machine.

    python3 tests/tidy/check_tree.py [--root DIR]     prints file:line: message for each violation; exit 1 if any
    python3 tests/tidy/check_tree.py --self-test      plants violations and sees that each is found
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "lustrum",
             "sim", "models", "configs", "traces", "reports", "tests", "cli"}  # and files and folders with a dot
CODE_FOLDERS = ("sim/", "models/", "reports/", "cli/")
CODE_SUFFIXES = (".cpp", ".hpp", ".js", ".css", ".html", ".py")
MAX_LINES = 500
UTIL = re.compile(r"(^|_)utils?($|_)")
# A home or a scratch folder. Recorded traces may hold what was recorded.
MACHINE_PATH = re.compile(rb"(?<![\w.$~-])/(home|Users|root|tmp|var/tmp|dev/shm)/\w")
MACHINE_PATH_EXEMPT = ("traces/", "tests/tidy/check_tree.py")
STANDARD_FOLDERS = {"/", "/usr", "/opt", "/srv", "/mnt", "/var"}
CMAKE_VARIABLE_PREFIX = re.compile(r"^\$\{[A-Z_]+\}/")


def list_files(root):
    """Every file that git knows or would add; without git every file outside build/ and out/."""
    try:
        listing = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 capture_output=True, check=True).stdout
        paths = [os.fsdecode(path) for path in listing.split(b"\0") if path]
        return sorted(path for path in set(paths) if (root / path).is_file())
    except (OSError, subprocess.CalledProcessError):
        paths = []
        for folder, folders, files in os.walk(root):
            place = Path(folder).relative_to(root)
            skipped = ("build", "out", ".git") if place == Path(".") else ("__pycache__",)
            folders[:] = [name for name in folders if name not in skipped]
            paths += [(place / name).as_posix() for name in files]
        return sorted(paths)


def in_code(path):
    return path.startswith(CODE_FOLDERS)


def check_top_level(files):
    for name in sorted({path.split("/")[0] for path in files}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield f"{name}:1: not one of the allowed entries at the top level"


def check_lengths(root, files):
    for path in files:
        if in_code(path) and path.endswith(CODE_SUFFIXES):
            lines = (root / path).read_bytes().count(b"\n")
            if lines > MAX_LINES:
                yield f"{path}:{MAX_LINES + 1}: {lines} lines, at most {MAX_LINES}: a room that wants two doors"


def check_names(files):
    for path in files:
        words = [part.split(".")[0] for part in path.split("/")]
        if (in_code(path) or path.startswith("tests/")) and any(UTIL.search(word) for word in words):
            yield f"{path}:1: `util` says nothing; name it after what it does"


def check_readmes(files):
    folders = {str(PurePosixPath(path).parent) for path in files
               if path.startswith("models/") and path.endswith((".cpp", ".hpp"))}
    for folder in sorted(folders - {"models"}):
        if f"{folder}/README.md" not in files:
            yield f"{folder}/README.md:1: missing: scope, equations, parameters, sources, validation"


def cmake_calls(name, text):
    """The words of each call of a CMake function with literal arguments (its definition is no call)."""
    for arguments in re.findall(rf"\b{name}\s*\(([^)]*)\)", text):
        words = arguments.split()
        if words and "${" not in words[0]:
            yield words


def built_sources(root, files):
    """The paths (or patterns, for a glob) of all .cpp files that some CMakeLists.txt builds: those it names, those of
    the folder of a lustrum_library(folder ...) and those of a lustrum_tests(name label)."""
    for path in files:
        if PurePosixPath(path).name != "CMakeLists.txt":
            continue
        folder = PurePosixPath(path).parent
        text = re.sub(r"#[^\n]*", "", (root / path).read_text())
        yield from (f"{words[0]}/*.cpp" for words in cmake_calls("lustrum_library", text))
        yield from (f"tests/{words[1]}/*_test.cpp" for words in cmake_calls("lustrum_tests", text))
        text = re.sub(r"\bset_source_files_properties\s*\([^)]*\)", "", text)
        for word in text.replace("(", " ").replace(")", " ").split():
            word = word.strip('"')
            plain = CMAKE_VARIABLE_PREFIX.sub("", word)
            if word.endswith(".cpp") and "${" not in plain:
                yield from (str(folder / plain), plain)


def check_built(root, files):
    listed = set(built_sources(root, files))
    for path in files:
        if path.endswith(".cpp") and (in_code(path) or path.startswith("tests/")):
            # A glob of CMake stays in its folder.
            same_folder = (pattern for pattern in listed if PurePosixPath(pattern).parent == PurePosixPath(path).parent)
            if not any(fnmatch(path, pattern) for pattern in same_folder):
                yield f"{path}:1: no CMakeLists.txt builds it"


def check_machine_paths(root, files):
    own = {str(root), str(root.parent)} - STANDARD_FOLDERS
    own = re.compile(b"|".join(re.escape(os.fsencode(path)) + rb"/" for path in sorted(own)) or rb"(?!)")
    for path in files:
        if path.startswith(MACHINE_PATH_EXEMPT):
            continue
        content = (root / path).read_bytes()
        if b"\0" in content[:8192]:
            continue
        for number, line in enumerate(content.split(b"\n"), 1):
            found = MACHINE_PATH.search(line) or own.search(line)
            if found:
                yield f"{path}:{number}: path of one machine: {os.fsdecode(found.group())}"


def check(root):
    root = root.resolve()
    files = list_files(root)
    violations = [*check_top_level(files), *check_lengths(root, files), *check_names(files), *check_readmes(files),
                  *check_built(root, files), *check_machine_paths(root, files)]
    if not any(in_code(path) for path in files):
        violations.append(f"{root}: no code found: is this the repository?")
    return violations


CLEAN = {
    "README.md": "Run ./lustrum, or write to ${TMPDIR:-/tmp}/x\n",
    ".ci/run": "",
    "CMakeLists.txt": "function(lustrum_library folder)\n  file(GLOB s ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)\n"
                      "endfunction()\n",
    "sim/CMakeLists.txt": "lustrum_library(sim/base\n  LINKS fmt::fmt) # lustrum_library(sim/nobody)\n"
                          "set_source_files_properties(sim/nobody/warned.cpp PROPERTIES COMPILE_OPTIONS -w)\n",
    "sim/base/units.cpp": "\n" * MAX_LINES,
    "cli/CMakeLists.txt": "file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/*.cpp)\n",
    "cli/main.cpp": "",
    "sim/base/utilization.hpp": "",
    "models/storage.hpp": "",
    "models/lustre/CMakeLists.txt": "add_library(x\n  ${CMAKE_CURRENT_SOURCE_DIR}/client.cpp)\n",
    "models/lustre/client.cpp": "",
    "models/lustre/README.md": "",
    "models/catalog/prices.yaml": "x: 1\n" * 2 * MAX_LINES,
    "tests/CMakeLists.txt": "function(lustrum_tests name label)\n"
                            "  file(GLOB s ${PROJECT_SOURCE_DIR}/tests/${label}/*_test.cpp)\n"
                            "  add_executable(${name} ${PROJECT_SOURCE_DIR}/tests/test_main.cpp ${s})\nendfunction()\n"
                            "lustrum_tests(unit_tests unit)\n",
    "tests/test_main.cpp": "",
    "tests/unit/a_test.cpp": "",
    "traces/t.csv": "/home/somebody/data\n",
}
# path -> content, line of the violation
PLANTED = {
    "notes.txt": ("", 1),
    "sim/base/long.hpp": ("\n" * (MAX_LINES + 1), MAX_LINES + 1),
    "sim/base/string_utils.hpp": ("", 1),
    "tests/util/x.hpp": ("", 1),
    "models/device/README.md": (None, 1),
    "models/device/disk.hpp": ("", None),
    "sim/nobody/nothing.cpp": ("", 1),
    "sim/nobody/warned.cpp": ("", 1),
    "sim/base/deeper/nothing.cpp": ("", 1),
    "cli/study/nothing.cpp": ("", 1),
    "tests/unit/forgotten.cpp": ("", 1),
    "tests/model/a_test.cpp": ("", 1),
    "configs/a.yaml": ("a: 1\nb: /home/somebody/data\n", 2),
    "tests/unit/b.hpp": ('// "/tmp/x"\n', 1),
    "tests/unit/c.hpp": ("\n// {root}/sim\n", 2),
}


def self_test():
    def plant(root, path, text):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.replace("{root}", str(root)))

    for with_git in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve() / "tree"
            root.mkdir()
            if with_git:
                try:
                    subprocess.run(["git", "-C", root, "init", "-q"], check=True)
                except OSError:
                    continue
                plant(root, ".gitignore", "/build/\n")
            plant(root, "build/generated.cpp", "")
            for path, text in CLEAN.items():
                plant(root, path, text)
            found = check(root)
            assert not found, "a clean tree is not clean:\n" + "\n".join(found)
            for path, (text, _) in PLANTED.items():
                if text is not None:
                    plant(root, path, text)
            found = {violation.split(": ")[0] for violation in check(root)}
            planted = {f"{path}:{line}" for path, (_, line) in PLANTED.items() if line}
            assert found == planted, f"not found: {planted - found}; found too: {found - planted}"
    print(f"self-test: {len(planted)} planted violations, all found")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    violations = check(options.root)
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
