#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the metadata header of generated kernels from their records, or checks it.

    scripts/stamp_generated.py            write headers and content hashes
    scripts/stamp_generated.py --check    exit 1 when one is out of date

Each NAME.record.json under kernels/experimental/generated describes the sources NAME.cpp, NAME.h and
NAME.isa.cpp beside it. Their bodies (what follows the header) are hashed together, in the order of
their names; the hash stands in the record and in every header.
"""
import argparse
import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "kernels" / "experimental" / "generated"
END = "// ---- end of metadata\n"
SUFFIXES = (".cpp", ".h", ".isa.cpp")


def body_of(path):
    text = path.read_text()
    return text.split(END, 1)[1].lstrip("\n") if END in text else strip_comment(text)


def strip_comment(text):
    lines = text.splitlines(keepends=True)
    while lines and (lines[0].startswith("//") or not lines[0].strip()):
        lines.pop(0)
    return "".join(lines)


def header(record, content_hash):
    info = record["generation_info"]
    constraints = json.dumps(info["generation_config"], sort_keys=True)
    lines = ["SPDX-License-Identifier: Apache-2.0", f"{record['op_name']}: {record['description']}", "",
             f"generator: {info['generator_tool']} {info['generator_version']}, {info['generation_date']}",
             f"op_id: {record['op_id']}",
             f"implements: {record['implements']}",
             f"source: {info['source_template']}",
             f"configuration: {constraints}"]
    lines += [f"performance: {line}" for line in record["performance_notes"]]
    lines += ["licence: Apache-2.0", f"content_hash: {content_hash}"]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines) + END


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for record_path in sorted(FOLDER.rglob("*.record.json")):
        record = json.loads(record_path.read_text())
        if "performance_notes" not in record:
            continue  # stamped by other means
        base = str(record_path)[: -len(".record.json")]
        sources = sorted(pathlib.Path(base + suffix) for suffix in SUFFIXES
                         if pathlib.Path(base + suffix).exists())
        bodies = {path: body_of(path) for path in sources}
        content_hash = hashlib.sha256("".join(bodies[path] for path in sources).encode()).hexdigest()
        record["content_hash"] = content_hash
        wanted = {path: header(record, content_hash) + "\n" + body for path, body in bodies.items()}
        for path in sources:  # #pragma once stays behind the header
            assert path.suffix != ".h" or "#pragma once" in wanted[path]
        wanted[record_path] = json.dumps(record, indent=2) + "\n"
        for path, text in wanted.items():
            if path.read_text() == text:
                continue
            stale.append(path)
            if not check:
                path.write_text(text)
    for path in stale:
        print(("out of date: " if check else "wrote ") + str(path.relative_to(ROOT)))
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
