#!/bin/sh
# Builds tollgate from source, unless a cache or the image of the runner has brought that commit of it.
#
#   install.sh FOLDER       leaves FOLDER/bin/tollgate
#
# TOLLGATE_REPOSITORY   where its source is
# TOLLGATE_REVISION     the commit, all 40 digits: a branch or a tag may be moved
set -eu

if [ -x "$1/bin/tollgate" ] && [ "$(cat "$1/revision")" = "$TOLLGATE_REVISION" ]; then
    exit
fi
cargo install --locked --git "$TOLLGATE_REPOSITORY" --rev "$TOLLGATE_REVISION" --root "$1" --force tollgate
echo "$TOLLGATE_REVISION" >"$1/revision"
