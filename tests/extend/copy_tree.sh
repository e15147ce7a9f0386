# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of this folder.

# copy_tree SOURCE WORK: $copy is a fresh copy of the sources, under git so that changes can be counted.
copy_tree() {
  copy="$2/tree"
  rm -rf "$2"
  mkdir -p "$copy"
  for entry in include src kernels third_party tests; do
    cp -a "$1/$entry" "$copy/"
  done
  git -C "$copy" init -q
  git -C "$copy" add -A
  git -C "$copy" -c user.name=test -c user.email=test@localhost commit -q -m "before"
}
