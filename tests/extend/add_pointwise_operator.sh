#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Adds an elementwise operator by one line, builds, and checks it against its oracle and by hand.
#
#   add_pointwise_operator.sh SOURCE BUILD WORK PYTHON
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/copy_tree.sh"

copy_tree "$1" "$3"
list=kernels/stable/pointwise/pointwise_formulas.inc
line='FGX_UNARY(softsign, "softsign(Tensor self) -> Tensor", kFloatResult, x / (T(1) + m.abs(x)))'
if grep -q softsign "$copy/$list"; then
  echo "softsign is in the list already: this test needs an operator that is not"
  exit 1
fi
sed -i "s|^// clang-format on|$line\n&|" "$copy/$list"

changed="$(git -C "$copy" status --porcelain) $(git -C "$copy" diff --numstat)"
if [ "$changed" != "$(printf ' M %s 1\t0\t%s' "$list" "$list")" ]; then
  echo "expected one added line, got:"
  echo "$changed"
  exit 1
fi

"$4" "$here/changed_build.py" --source "$1" --build "$2" --copy "$copy" --work "$3" \
  --test "$here/softsign_check.cpp"
"$3/test" --gtest_brief=1
echo "one line added an operator"
