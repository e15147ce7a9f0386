#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What only a terminal gets: colour, unless NO_COLOR is set, and progress on stderr.

usage: terminal.py FLAG_GEMS_EXP
"""
import os
import pty
import sys

COLOR = b"\x1b[1m"
PROGRESS = b"verify 1/2 relu"


def on_terminal(arguments, **variables):
    """Runs the program with stdin, stdout and stderr on a pseudo terminal; returns what it wrote."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment.update({"TERM": "xterm", **variables})
    process, master = pty.fork()
    if process == 0:
        os.execve(arguments[0], arguments, environment)
    text = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux reports the end of a pseudo terminal as an error
            break
        if not piece:
            break
        text += piece
    os.close(master)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, text
    return text


def main():
    verify = [sys.argv[1], "verify", "relu", "exp", "--dtype", "float32"]
    text = on_terminal(verify)
    assert COLOR in text and PROGRESS in text, text
    assert text.rindex(b"\x1b[K") > text.index(PROGRESS), "progress is cleared at the end"
    text = on_terminal(verify, NO_COLOR="1")
    assert COLOR not in text and PROGRESS in text, text
    text = on_terminal(verify, NO_COLOR="")
    assert COLOR in text, "an empty NO_COLOR does not count"
    text = on_terminal([verify[0], "--color", "never", *verify[1:]])
    assert COLOR not in text, text
    text = on_terminal([verify[0], "--color", "always", *verify[1:]], NO_COLOR="1")
    assert COLOR in text, "--color decides"
    text = on_terminal(verify, TERM="dumb")
    assert b"\x1b" not in text, text


if __name__ == "__main__":
    main()
