# SPDX-License-Identifier: Apache-2.0
"""Skips the PyTorch judge, with a clear message, only where torch is absent.

FLAGGEMS_EXP_TEST_DEVICE=cuda runs the same tests with every tensor on the GPU; --part 2/4 the second quarter of them.
"""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
try:
    import torch

    torch.manual_seed(20260101)
    torch.set_num_threads(2)
    torch.set_default_device(os.environ.get("FLAGGEMS_EXP_TEST_DEVICE", "cpu"))
except ImportError:
    collect_ignore_glob = ["test_*.py"]

    def pytest_report_header(config):
        return "SKIPPED: torch is not installed; PyTorch judges nothing in this run"


def pytest_addoption(parser):
    parser.addoption("--part", default="1/1", help="which part of how many: every n-th test, beginning with the i-th")


def pytest_collection_modifyitems(config, items):
    part, parts = map(int, config.getoption("--part").split("/"))
    items[:] = items[part - 1::parts]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(20260101)
