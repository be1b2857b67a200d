#!/bin/sh
# Builds tollgate from source, unless a cache has brought it.
#
#   install.sh FOLDER       leaves FOLDER/bin/tollgate
#
# TOLLGATE_REPOSITORY   where its source is
# TOLLGATE_REVISION     the commit, all 40 digits: a branch or a tag may be moved
set -eu

program=$1/bin/tollgate
if [ -x "$program" ]; then
    "$program" --version
    exit
fi
cargo install --locked --git "$TOLLGATE_REPOSITORY" --rev "$TOLLGATE_REVISION" --root "$1" tollgate
