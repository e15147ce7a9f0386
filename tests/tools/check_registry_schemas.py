#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what the registry stores against the published JSON Schemas: check_registry_schemas.py LIBRARY SOURCE_DIR"""
import ctypes
import json
import shutil
import sys
import tempfile
from pathlib import Path

try:
    import jsonschema
    from referencing import Registry, Resource
except ImportError:
    print("SKIPPED: jsonschema is not installed")
    sys.exit(77)

RESULTS = {
    "measured_by": "test",
    "architecture": "x86_64",
    "device": "CPU",
    "content_hash": "sha256:1",
    "accuracy": {"passed": True, "test_cases": 3, "failed_cases": 0, "coverage": {"float32": [[8], "(4, 4)"]}},
    "performance": {
        "baselines": [
            {"device": "CPU", "shape": [8], "dtype": "float32", "speedup": 1.5, "reference_impl": "stable"}
        ]
    },
}


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.fgx_string_data.restype = ctypes.c_char_p
        self.c.fgx_error_message.restype = ctypes.c_char_p
        self.c.fgx_last_error.restype = ctypes.c_void_p
        self.c.fgx_string_data.argtypes = [ctypes.c_void_p]
        self.c.fgx_error_message.argtypes = [ctypes.c_void_p]

    def check(self, status):
        if status != 0:
            raise RuntimeError(self.c.fgx_error_message(self.c.fgx_last_error()).decode())

    def text(self, function, *arguments):
        out = ctypes.c_void_p()
        self.check(function(*arguments, ctypes.byref(out)))
        value = self.c.fgx_string_data(out).decode()
        self.c.fgx_string_destroy(out)
        return json.loads(value)


def main() -> int:
    library, source = Library(sys.argv[1]), Path(sys.argv[2])
    schemas = source / "docs" / "schemas"
    loaded = {name: json.loads((schemas / f"{name}.schema.json").read_text())
              for name in ("record", "index", "test_results")}
    resources = Registry().with_resources(
        (f"{name}.schema.json", Resource.from_contents(schema)) for name, schema in loaded.items())
    validators = {name: jsonschema.Draft202012Validator(schema, registry=resources)
                  for name, schema in loaded.items()}
    for schema in loaded.values():
        jsonschema.Draft202012Validator.check_schema(schema)

    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(source / "tests" / "data" / "legacy_metadata_52.json", f"{directory}/_metadata.json")
        registry = ctypes.c_void_p()
        library.check(library.c.fgx_registry_open(directory.encode(), ctypes.byref(registry)))
        try:
            record = json.dumps({"op_name": "fast_gelu", "op_id": "gelu-1", "content_hash": "sha256:1"}).encode()
            stored = library.text(library.c.fgx_registry_register, registry, record, ctypes.c_size_t(len(record)))
            validators["record"].validate(stored)
            validators["test_results"].validate(RESULTS)
            results = json.dumps(RESULTS).encode()
            stored = library.text(library.c.fgx_registry_update_validation, registry, b"gelu-1", results,
                                  ctypes.c_size_t(len(results)))
            validators["record"].validate(stored)
            assert stored["status"] == "VALIDATED", stored
            records = library.text(library.c.fgx_registry_query, registry, None)
            assert len(records) >= 53, len(records)
            for one in records:
                validators["record"].validate(one)
            library.check(library.c.fgx_registry_compact(registry))
            validators["index"].validate(json.loads(Path(f"{directory}/_metadata.json").read_text()))
        finally:
            library.c.fgx_registry_close(registry)

    # The schemas can say no.
    for name, bad in (("record", {"op_name": "x"}), ("index", {"version": "2.0", "ops": {}}),
                      ("test_results", {**RESULTS, "accuracy": {"passed": 1}})):
        assert not validators[name].is_valid(bad), name
    return 0


if __name__ == "__main__":
    sys.exit(main())
