#!/usr/bin/env python3
"""Every tunable of Lustre that claims an effect is read by some code outside the tables.

    python3 tests/tidy/check_effects.py [--root DIR]    prints file: tunable for each that is not; exit 1 if any
    python3 tests/tidy/check_effects.py --self-test     plants a tunable that nobody reads and sees that it is found
"""
import argparse
import re
import sys
from pathlib import Path

# tunables.cpp chooses among the checksum rates; lustre_version.cpp only sets defaults, and so does not count.
NOT_READERS = re.compile(r"tunables(_\w+)?\.(hpp|cpp)$|lustre_version\.cpp$")


def unread(tables, code):
    """(file, field) of the rows with an effect whose field `code` does not name."""
    found = []
    for name, text in tables:
        for row in re.split(r"\{\.key = ", text)[1:]:
            field = re.search(r"field<&T::(\w+)>", row).group(1)
            if "has_effect = false" not in row and not re.search(rf"\b{field}\b", code):
                found.append((name, field))
    return found


def read(root):
    policy = root / "models/lustre/policy"
    sources = [p for p in sorted((root / "models").rglob("*.?pp")) if not NOT_READERS.search(p.name)]
    code = "".join(p.read_text() for p in sources) + (policy / "tunables.cpp").read_text()
    tables = [(str(p.relative_to(root)), p.read_text()) for p in sorted(policy.glob("tunables_*.cpp"))]
    return tables, code


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    tables, code = read(arguments.root)
    if arguments.self_test:
        row = '{.key = "osc.unread", .field = field<&T::osc_unread>, .doc = ""},'
        silent = row.replace('.doc = ""', '.doc = "", .has_effect = false').replace("osc_unread", "osc_silent")
        good = unread([("planted", row + silent)], code) == [("planted", "osc_unread")] and len(tables) > 3
        print("self-test:", "passed" if good else "FAILED")
        return 0 if good else 1
    problems = unread(tables, code)
    for name, field in problems:
        print(f"{name}: {field} is read by no model: has_effect = false")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
