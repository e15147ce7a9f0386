# SPDX-License-Identifier: Apache-2.0
"""Builds a changed copy of the source tree by compiling only what the changes reach.

    changed_build.py --source S --build B --copy C --work W --test FILE.cpp...

B is a finished Ninja build of S, C a copy of S with changes, under git with the original as HEAD. Every
object of the library that depends on a changed file is compiled again from C, with B's own commands;
new sources are compiled with the commands of a file of their kind. These objects, B's other objects and
the test sources are linked into W/test. Prints how many were compiled.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ISAS = ("baseline", "avx2", "avx512")


def git_lines(copy, *arguments):
    out = subprocess.run(["git", "-C", copy, *arguments], check=True, text=True, capture_output=True)
    return [line for line in out.stdout.splitlines() if line]


def library_objects(build):
    """Object path -> the files it was made from, for every object of the library."""
    out = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, text=True, capture_output=True)
    objects, current = {}, None
    for line in out.stdout.splitlines():
        if line.startswith(" "):
            if current is not None:
                path = line.strip()
                objects[current].add(os.path.realpath(os.path.join(build, path)))
        elif line:
            name = line.split(":")[0]
            wanted = name.startswith("CMakeFiles/fgx_") and os.path.exists(os.path.join(build, name))
            current = name if wanted else None
            if wanted:
                objects[name] = set()
    return objects


def main():
    parser = argparse.ArgumentParser()
    for name in ("source", "build", "copy", "work"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--test", nargs="+", required=True)
    options = parser.parse_args()
    source, build, copy, work = (os.path.realpath(getattr(options, n)) for n in ("source", "build", "copy", "work"))

    commands = {}
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        arguments = shlex.split(entry["command"])
        commands[arguments[arguments.index("-o") + 1]] = (arguments, entry["file"])
    objects = library_objects(build)

    def command_for(template, new_source, new_object):
        """The template's command for another source: paths of S become paths of C."""
        arguments, old_source = commands[template]
        result, skip = [], False
        for argument in arguments:
            if skip:
                skip = False
            elif argument in ("-MF", "-MT", "-o"):
                skip = True
            elif argument == "-MD" or argument.endswith("ccache"):
                pass
            elif argument == old_source:
                result.append(new_source)
            else:
                result.append(argument.replace(source, copy))
        return result + ["-o", new_object]

    changed = git_lines(copy, "diff", "--name-only", "HEAD")
    added = git_lines(copy, "ls-files", "--others", "--exclude-standard")
    touched = {os.path.join(source, name) for name in changed}
    jobs, replaced = [], set()
    for name, made_from in objects.items():
        if name in commands and made_from & touched:
            new_object = os.path.join(work, name.replace("/", "_"))
            jobs.append((new_object, command_for(name, commands[name][1].replace(source, copy), new_object)))
            replaced.add(name)

    def template(target, suffix):
        found = [n for n in commands if n.startswith(f"CMakeFiles/{target}.dir/kernels/") and n.endswith(suffix)]
        if not found:
            sys.exit(f"no object of {target} to take a command from")
        return found[0]

    for name in added:
        if not name.endswith(".cpp") or not name.startswith(("src/", "kernels/")):
            continue
        path = os.path.join(copy, name)
        if name.endswith(".isa.cpp"):
            targets = [t for t in (f"fgx_isa_{isa}" for isa in ISAS)
                       if any(n.startswith(f"CMakeFiles/{t}.dir/") for n in commands)]
        else:
            targets = ["fgx_objects"]
        for target in targets:
            new_object = os.path.join(work, f"{target}_{name.replace('/', '_')}.o")
            suffix = ".isa.cpp.o" if name.endswith(".isa.cpp") else ".cpp.o"
            jobs.append((new_object, command_for(template(target, suffix), path, new_object)))
    for path in options.test:
        new_object = os.path.join(work, os.path.basename(path) + ".o")
        arguments = command_for(template("fgx_objects", ".cpp.o"), os.path.realpath(path), new_object)
        jobs.append((new_object, arguments + ["-I", os.path.join(copy, "tests")]))
    if not replaced:
        sys.exit("the change reaches no object")

    def compile_one(job):
        return job, subprocess.run(job[1], cwd=build, text=True, capture_output=True)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for job, done in pool.map(compile_one, jobs):
            if done.returncode != 0:
                print(" ".join(job[1]), done.stdout, done.stderr, sep="\n")
                sys.exit("compilation failed")
    compiler = next(a for a in commands[template("fgx_objects", ".cpp.o")][0] if not a.endswith("ccache"))
    others = [os.path.join(build, name) for name in objects if name not in replaced]
    link = [compiler, "-o", os.path.join(work, "test"), *[job[0] for job in jobs], *others,
            "-lgtest_main", "-lgtest", "-lpthread", "-ldl"]
    done = subprocess.run(link, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit("linking failed\n" + done.stderr[-4000:])
    print(f"compiled {len(jobs)} files, took {len(others)} objects as they were")


if __name__ == "__main__":
    main()
