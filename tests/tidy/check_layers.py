#!/usr/bin/env python3
"""Who may know whom: reads every #include in sim/, models/, reports/ and cli/, and every link list in their
CMakeLists.txt, and compares them with the two tables below.

    python3 tests/tidy/check_layers.py [--root DIR]     prints file:line: message for each violation; exit 1 if any
    python3 tests/tidy/check_layers.py --self-test      plants violations and sees that each is found
"""
import argparse
import re
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

# What each part may include besides itself. A part is a folder with all below it, or files of that name
# (models/storage is models/storage.hpp). An entry that ends in /* stands for all parts below it.
PARTS = {
    "sim/base": [],
    "sim/scenario": ["sim/base"],
    "sim/trace": ["sim/base"],
    "sim/result": ["sim/base"],
    "sim/kernel": ["sim/base", "sim/result"],
    "models/storage": ["sim/base", "sim/kernel"],
    "models/device": ["sim/base", "sim/kernel"],
    "models/fabric": ["sim/base", "sim/kernel"],
    "models/lustre/policy": ["models/tiering/policy", "sim/base"],
    "models/lustre/server": ["models/lustre/policy", "models/tiering", "models/tiering/policy", "sim/base", "sim/kernel",
                             "models/storage", "models/device", "models/fabric"],
    "models/lustre/client": ["models/lustre/server", "models/lustre/policy", "sim/base", "sim/kernel", "models/storage",
                             "models/device", "models/fabric"],
    "models/lustre": ["models/lustre/*", "models/tiering", "models/tiering/policy", "sim/base", "sim/kernel", "models/storage",
                      "models/device", "models/fabric"],
    "models/tiering/policy": ["sim/base"],
    "models/block": ["models/tiering/policy", "sim/base", "sim/kernel", "models/storage", "models/device",
                     "models/fabric"],
    "models/tiering": ["models/tiering/policy", "models/block", "sim/base", "sim/kernel", "models/storage",
                       "models/device", "models/fabric"],
    "models/object": ["models/tiering", "models/tiering/policy", "models/block", "sim/base", "sim/kernel",
                      "models/storage", "models/device", "models/fabric"],
    "models/fileserver": ["models/tiering/policy", "sim/base", "sim/kernel", "models/storage", "models/fabric"],
    "models/training": ["sim/base", "sim/kernel", "sim/trace", "models/storage"],
    "models/loadgen": ["sim/base", "sim/kernel", "models/storage"],
    "models/cost": ["sim/base", "sim/result"],
    "models/assembly": ["sim/*", "models/*"],
    "reports": ["sim/base", "sim/result"],
    "cli": ["sim/base", "sim/scenario", "sim/result", "sim/trace", "reports", "models/assembly"],
}

# Libraries: name, headers (regex), link targets (regex), the files that may include it.
LIBRARIES = [
    ("SimGrid", r"(simgrid|xbt|smpi)/", r"PkgConfig::simgrid|simgrid", ["sim/kernel/*", "*_actor.hpp", "*_actor.cpp"]),
    ("Boost", r"boost/", r"Boost::.*", ["sim/kernel/*"]),
    ("yaml-cpp", r"yaml-cpp/", r"yaml-cpp(::yaml-cpp)?", ["sim/scenario/*"]),
    ("zlib", r"zlib\.h$", r"ZLIB::ZLIB", ["sim/trace/*"]),
    ("simdjson", r"simdjson", r"simdjson(::simdjson)?", ["sim/trace/*"]),
    ("nlohmann_json", r"nlohmann/", r"nlohmann_json::nlohmann_json",
     ["sim/result/*", "reports/*", "cli/*", "models/assembly/*"]),
    ("CLI11", r"CLI/", r"CLI11::CLI11", ["cli/*"]),
    ("fmt", r"fmt/", r"fmt::fmt(-header-only)?", ["*"]),
    ("SSE2", r"emmintrin\.h$", r"(?!)", ["sim/trace/dftracer_plain.cpp"]),
    ("POSIX", r"(sys/.*|unistd|fcntl|poll|signal|termios)(\.h)$", r"Threads::Threads",
     ["sim/kernel/*", "sim/trace/*", "cli/*"]),
]

FLOORS = ("sim", "models", "reports", "cli")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
STANDARD_HEADER = re.compile(r"[a-z_]+$")
LINK_CALL = re.compile(r"\b(lustrum_library|target_link_libraries)\s*\(\s*([^\s)]+)([^)]*)\)")


def part_of(path):
    """The part that a file or folder belongs to, or None."""
    fits = [part for part in PARTS if path == part or path.startswith((part + "/", part + "."))]
    return max(fits, key=len, default=None)


def part_of_target(target):
    """The part whose library this is: lustrum_models_lustre -> models/lustre."""
    if target in ("lustrum_models", "lustrum_models_storage"):
        return "models/storage"
    fits = [part for part in PARTS if (target + "_").startswith(f"lustrum_{part.replace('/', '_')}_")]
    return max(fits, key=len, default=None)


def may_know(part, other):
    return part == other or any(fnmatch(other, allowed) for allowed in PARTS[part])


def check_include(path, quote, header):
    """What is wrong with `#include header` in the file `path`, or None."""
    part = part_of(path)
    if part is None:
        return "no row in PARTS of check_layers.py for this folder"
    if header.split("/")[0] in FLOORS and "/" in header:
        other = part_of(header)
        if quote == "<":
            return f"our own headers are included in quotes: {header}"
        if other is None:
            return f"no row in PARTS of check_layers.py for {header}"
        return None if may_know(part, other) else f"{part} must not know {other} (includes {header})"
    if quote == '"':
        return f"include from the top of the repository, such as \"sim/base/units.hpp\", not {header}"
    if STANDARD_HEADER.match(header):
        return None
    for name, headers, _, files in LIBRARIES:
        if re.match(headers, header):
            allowed = any(fnmatch(path, pattern) for pattern in files)
            return None if allowed else f"{name} is only for {', '.join(files)} (includes {header})"
    return f"no row in LIBRARIES of check_layers.py for <{header}>"


def check_link(part, files, link):
    """What is wrong with linking `link` into the library of `part`, which has these files, or None."""
    if link == "lustrum_flags":
        return None
    if link.startswith("lustrum_"):
        other = part_of_target(link)
        if other is None:
            return f"no row in PARTS of check_layers.py for the library {link}"
        return None if may_know(part, other) else f"{part} must not link {link}"
    for name, _, targets, patterns in LIBRARIES:
        if re.fullmatch(targets, link):
            allowed = any(fnmatch(file, pattern) for file in files for pattern in patterns)
            return None if allowed else f"{part} must not link {link}: {name} is only for {', '.join(patterns)}"
    return f"no row in LIBRARIES of check_layers.py for the link target {link}"


def check_cmake(root, path, sources):
    text = re.sub(r"#[^\n]*", "", (root / path).read_text())
    for call in LINK_CALL.finditer(text):
        function, name, arguments = call.groups()
        if function == "lustrum_library":
            part = part_of(name) or part_of_target("lustrum_" + name.replace("/", "_"))
            links = re.split(r"\bLINKS\b", arguments)[1:]
            links = re.split(r"\bSOURCES\b", links[0])[0].split() if links else []
        else:
            part = part_of_target(name)
            links = [word for word in arguments.split() if word not in ("PUBLIC", "PRIVATE", "INTERFACE")]
        line = text.count("\n", 0, call.start()) + 1
        if part is None:
            yield f"{path}:{line}: no row in PARTS of check_layers.py for {name}"
            continue
        files = [source for source in sources if part_of(source) == part] + [f"{part}/any.cpp"]
        for link in links:
            problem = check_link(part, files, link)
            if problem:
                yield f"{path}:{line}: {problem}"


def check(root):
    """All violations below root, as lines of text, and the number of includes read."""
    paths = sorted(p.relative_to(root).as_posix() for floor in FLOORS for p in (root / floor).rglob("*"))
    sources = [path for path in paths if path.endswith((".cpp", ".hpp"))]
    violations, includes = [], 0
    for path in sources:
        for number, line in enumerate((root / path).read_text().splitlines(), 1):
            include = INCLUDE.match(line)
            if include:
                includes += 1
                problem = check_include(path, *include.groups())
                if problem:
                    violations.append(f"{path}:{number}: {problem}")
    for path in paths:
        if path.endswith("CMakeLists.txt"):
            violations += check_cmake(root, path, sources)
    return violations, includes


def table_problems():
    """The table must name only parts that exist in it, and its arrows must not form a circle."""
    problems, done = [], set()

    def visit(part, way):
        if part in way:
            problems.append("a circle in PARTS: " + " -> ".join(way + [part]))
        elif part not in done:
            for other in PARTS:
                if other != part and may_know(part, other):
                    visit(other, way + [part])
            done.add(part)

    for part, allowed in PARTS.items():
        problems += [f"{part} allows {a}, which is no part" for a in allowed if not a.endswith("/*") and a not in PARTS]
        visit(part, [])
    return problems


CLEAN = {
    "sim/base/units.hpp": "#include <vector>\n#include <fmt/format.h>\n",
    "sim/kernel/world.cpp": '#include "sim/base/units.hpp"\n#include <simgrid/s4u.hpp>\n#include <boost/graph/x.hpp>\n',
    "sim/trace/read.cpp": "#include <zlib.h>\n#include <simdjson.h>\n#include <sys/stat.h>\n",
    "models/storage.hpp": '#include "sim/kernel/task.hpp"\n',
    "models/training/rank_actor.cpp": '#include "models/storage.hpp"\n#include <simgrid/s4u.hpp>\n',
    "models/assembly/build.cpp": '#include "models/lustre/client/client.hpp"\n#include "sim/scenario/s.hpp"\n',
    "cli/study/sweep.cpp": '#include "models/assembly/run.hpp"\n#include <CLI/CLI.hpp>\n',
    "sim/CMakeLists.txt": "lustrum_library(sim/kernel\n  SOURCES world.cpp # lustrum_cli\n"
                          "  LINKS lustrum_sim_base PkgConfig::simgrid Boost::headers)\n"
                          "lustrum_library(sim/base SOURCES units.cpp LINKS fmt::fmt)\n",
    "models/CMakeLists.txt": "lustrum_library(models/storage LINKS lustrum_sim_kernel)\n"
                             "lustrum_library(models/training SOURCES a.cpp LINKS lustrum_models_storage)\n",
    "cli/CMakeLists.txt": "target_link_libraries(lustrum_cli PRIVATE lustrum_reports lustrum_cli_study CLI11::CLI11)\n",
}
# Each planted file holds its violations from the first line on, one a line.
PLANTED = {
    "sim/base/a.hpp": '#include "sim/kernel/task.hpp"\n#include <yaml-cpp/yaml.h>\n#include "units.hpp"\n',
    "sim/kernel/b.cpp": '#include "sim/scenario/s.hpp"\n  #  include "models/storage.hpp"\n#include <sim/base/u.hpp>\n',
    "sim/result/c.cpp": "#include <simgrid/s4u.hpp>\n#include <unknown/library.hpp>\n",
    "models/training/d.cpp": '#include "models/lustre/client/client.hpp"\n'
                             "#include <simgrid/s4u.hpp>\n#include <nlohmann/json.hpp>\n",
    "models/fabric/e.hpp": '#include "models/device/d.hpp"\n#include <zlib.h>\n#include <boost/graph/x.hpp>\n',
    "models/cost/f.cpp": '#include "sim/kernel/world.hpp"\n#include <CLI/CLI.hpp>\n',
    "models/unheard/g.cpp": '#include "sim/base/units.hpp"\n',
    "reports/h.cpp": '#include "models/cost/cost.hpp"\n#include "cli/verb.hpp"\n#include <unistd.h>\n',
    "cli/i.cpp": '#include "models/lustre/client/client.hpp"\n#include "sim/kernel/world.hpp"\n#include <simdjson.h>\n',
    "models/lustre/CMakeLists.txt": "lustrum_library(models/lustre LINKS lustrum_models_training)\n"
                                    "lustrum_library(models/cost LINKS PkgConfig::simgrid)\n"
                                    "target_link_libraries(lustrum_reports PRIVATE lustrum_models_assembly)\n"
                                    "lustrum_library(models/unheard SOURCES g.cpp)\n"
                                    "lustrum_library(sim/base SOURCES x.cpp LINKS mystery::lib)\n",
}


def plant(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, CLEAN)
        found, includes = check(root)
        assert not found, "a clean tree is not clean:\n" + "\n".join(found)
        assert includes == 15, includes
        plant(root, PLANTED)
        found = {violation.split(": ")[0] for violation in check(root)[0]}
        planted = {f"{path}:{n + 1}" for path, text in PLANTED.items() for n in range(text.count("\n"))}
        assert found == planted, f"not found: {planted - found}; found too: {found - planted}"
    PARTS["sim/base"].append("cli")
    assert any("circle" in problem for problem in table_problems())
    PARTS["sim/base"][-1] = "sim/nowhere"
    assert any("no part" in problem for problem in table_problems())
    print(f"self-test: {len(planted)} planted violations, all found")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    violations, includes = check(options.root)
    violations += table_problems()
    if includes == 0:
        violations.append(f"{options.root}: no include found: is this the repository?")
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
