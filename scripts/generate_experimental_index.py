#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds kernels/experimental/generated/_metadata.json, the records that the library ships.

Reads every *.record.json beside the shipped experimental kernels, checks that its content hash is the
one its source carries, and measures: verification against the oracle (all cases) and timing against the
stable implementation, through the library's own C functions. What was measured becomes evidence in the
record, and evidence alone makes its status. Run it on a quiet machine after changing such a kernel:

    scripts/generate_experimental_index.py [--library build/dev/libflaggems_exp.so] [--quick]
    scripts/generate_experimental_index.py --check       # only: is every kernel in the index as it is?
"""
import argparse
import ctypes
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNELS = ROOT / "kernels" / "experimental" / "generated"
INDEX = KERNELS / "_metadata.json"
NO_BASE = 4  # FGX_REGISTRY_NO_BASE
IGNORE_ENVIRONMENT = 1  # FGX_CONTEXT_IGNORE_ENVIRONMENT


class RegistryOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("base_path", ctypes.c_char_p)]


class ContextOptions(ctypes.Structure):
    # Up to the registry: a shorter struct is an older caller's, and what is missing counts as zero.
    _fields_ = [("struct_size", ctypes.c_uint32), ("flags", ctypes.c_uint32),
                ("config_file", ctypes.c_char_p), ("registry", ctypes.c_void_p)]


class Library:
    """The few functions of the C interface that this needs; failures raise."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(str(path))
        for name in ("fgx_string_data", "fgx_error_message"):
            getattr(self.lib, name).restype = ctypes.c_char_p
            getattr(self.lib, name).argtypes = [ctypes.c_void_p]
        self.lib.fgx_last_error.restype = ctypes.c_void_p
        self.lib.fgx_string_destroy.argtypes = [ctypes.c_void_p]

    def call(self, name, *arguments):
        if getattr(self.lib, name)(*arguments) != 0:
            message = self.lib.fgx_error_message(self.lib.fgx_last_error())
            raise RuntimeError(f"{name}: {message.decode()}")

    def json(self, name, *arguments):
        out = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(out))
        text = self.lib.fgx_string_data(out).decode()
        self.lib.fgx_string_destroy(out)
        return json.loads(text)

    def registry(self):
        options = RegistryOptions(ctypes.sizeof(RegistryOptions), NO_BASE, None)
        handle = ctypes.c_void_p()
        self.call("fgx_registry_open_with", b":memory:", ctypes.byref(options), ctypes.byref(handle))
        return handle

    def context(self, registry):
        options = ContextOptions(ctypes.sizeof(ContextOptions), IGNORE_ENVIRONMENT, None, registry)
        handle = ctypes.c_void_p()
        self.call("fgx_context_create", ctypes.byref(options), ctypes.byref(handle))
        self.call("fgx_context_enable", handle, None)
        return handle


def implementation_of(record):
    return "experimental.generated." + record["op_name"]


def read_records():
    """The records, each checked against the header of the source it describes."""
    records = []
    for path in sorted(KERNELS.rglob("*.record.json")):
        record = json.loads(path.read_text())
        source = ROOT / record["code_location"]["file_path"]
        if not source.is_file():
            sys.exit(f"{path.relative_to(ROOT)}: there is no {record['code_location']['file_path']}")
        declared = re.search(r"content[ _]hash:\s*(?:sha256:)?([0-9a-f]{64})", source.read_text())
        if declared is None:
            sys.exit(f"{source.relative_to(ROOT)}: its header names no content hash")
        if declared.group(1) not in record["content_hash"]:
            sys.exit(f"{path.relative_to(ROOT)}: content_hash is not the one in {source.name}")
        record["evidence"] = []
        record["status"] = "EXPERIMENTAL"
        records.append(record)
    return records


def shapes_of(call):
    """Dims and element type of the first tensor of a call expression."""
    dtypes = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64"}
    match = re.search(r"\b(f16|bf16|f32|f64)\[([0-9,]*)\]", call)
    return [int(d) for d in match.group(2).split(",") if d], dtypes[match.group(1)]


def baselines(rows, name, device):
    result = []
    for row in rows:
        if row["implementation"] != name or row["error"] is not None or row["ratio_to_stable"] is None:
            continue
        shape, dtype = shapes_of(row["call"])
        result.append({"device": device, "shape": shape, "dtype": dtype, "speedup": row["ratio_to_stable"],
                       "speedup_interval": row["ratio_to_stable_ci"],
                       "memory_overhead": row["memory_overhead_mb"], "reference_impl": "stable"})
    return result


def measure(library, records, quick):
    registry = library.registry()
    for record in records:
        text = json.dumps(record).encode()
        library.json("fgx_registry_register", registry, text, ctypes.c_size_t(len(text)))
    context = library.context(registry)
    names = [implementation_of(record) for record in records]
    request = {"implementations": names, "cases": "quick" if quick else "full", "write_evidence": True}
    report = library.json("fgx_context_verify", context, json.dumps(request).encode())
    for verdict in report["implementations"]:
        print(f"{verdict['implementation']}: {verdict['cases']} cases, {verdict['failed']} failed", file=sys.stderr)
        for failure in verdict["failures"][:3]:
            print(f"  {failure['message']}\n  {failure['reproduce']}", file=sys.stderr)
    for record in records:
        name = implementation_of(record)
        # The operator's examples, changed to what this implementation takes.
        request = {"ops": [name], "repeat": 10 if quick else 30}
        timed = library.json("fgx_context_benchmark", context, json.dumps(request).encode())
        environment = timed["environment"]
        rows = baselines(timed["rows"], name, environment["cpu"])
        if not rows:
            continue
        results = {"architecture": environment["architecture"], "device": environment["cpu"],
                   "measured_by": "scripts/generate_experimental_index.py", "environment": environment,
                   "content_hash": record["content_hash"], "performance": {"baselines": rows}}
        text = json.dumps(results).encode()
        library.json("fgx_registry_update_validation", registry, record["op_id"].encode(), text,
                     ctypes.c_size_t(len(text)))
    stored = library.json("fgx_registry_query", registry, b'{"fields":"full"}')
    return report["passed"], stored


def check(records):
    known = {}
    if INDEX.exists():
        known = {record["op_id"]: record for record in json.loads(INDEX.read_text())["ops"].values()}
    stale = [record["op_name"] for record in records
             if known.get(record["op_id"], {}).get("content_hash") != record["content_hash"]]
    gone = set(known) - {record["op_id"] for record in records}
    for name in stale:
        print(f"{name}: the index does not hold this content")
    for op_id in gone:
        print(f"{op_id}: in the index, but there is no such record any more")
    return int(bool(stale or gone))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "build" / "dev" / "libflaggems_exp.so")
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds")
    parser.add_argument("--check", action="store_true", help="measure nothing, write nothing")
    arguments = parser.parse_args()
    records = read_records()
    if arguments.check:
        return check(records)
    passed, stored = measure(Library(arguments.library), records, arguments.quick)
    latest = max((record["updated_at"] for record in stored if "updated_at" in record), default="")
    ops = {record["op_name"]: record for record in sorted(stored, key=lambda record: record["op_name"])}
    INDEX.write_text(json.dumps({"version": "1.0", "last_updated": latest, "ops": ops}, indent=2) + "\n")
    print(f"{INDEX.relative_to(ROOT)}: {len(ops)} records", file=sys.stderr)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
