#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Adds an operator that is not elementwise (trace) by a patch, counts the files it touches, builds, and
# checks it. The patch is also the example to copy from.
#
#   add_any_operator.sh SOURCE BUILD WORK PYTHON
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/copy_tree.sh"

copy_tree "$1" "$3"
git -C "$copy" apply -C1 "$here/example_operator/add_trace.patch"
files="$(git -C "$copy" status --porcelain --untracked-files=all | wc -l)"
if [ "$files" -gt 5 ]; then
  echo "the operator touches $files files, more than 5:"
  git -C "$copy" status --porcelain --untracked-files=all
  exit 1
fi
"$4" "$here/changed_build.py" --source "$1" --build "$2" --copy "$copy" --work "$3" \
  --test "$here/trace_check.cpp"
"$3/test" --gtest_brief=1
echo "$files files added an operator"
