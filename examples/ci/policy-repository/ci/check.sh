#!/bin/sh
# Judges what a change asks for and writes what the platform shows of it. Exits as `tollgate check` does: 0 allowed, 1 denied or
# undetermined, 2 not answered.
#
#   check.sh NAME PATH [FLAG...]
#
# NAME      of the check: of its files, and of its comment
# PATH      plan, bundle or folder, as seen from the root of the team's repository
# FLAG      goes to tollgate
#
# TOLLGATE_CONFIG   tollgate.yaml of the policy repository
# TOLLGATE_OUT      folder of what is written: NAME.txt, NAME.md, NAME.xml, NAME.sarif
# TOLLGATE_BASE     root of the repository as it was before; none for a plan, which knows what was before
# TOLLGATE_LOG      format of standard output: text, or github for annotations
set -eu

name=$1 path=$2
shift 2
mkdir -p "$TOLLGATE_OUT"
for written in txt md xml sarif; do
    rm -f "$TOLLGATE_OUT/$name.$written"
done

if [ -n "${TOLLGATE_BASE:-}" ]; then
    before=$TOLLGATE_BASE/$path
    if [ ! -e "$before" ]; then
        # Nothing was there before, so all of it is new. What asks for nothing is no fault below a folder.
        before=$TOLLGATE_OUT/nothing
        mkdir -p "$before"
        echo '[]' >"$before/nothing.json"
    fi
    set -- "$@" --against "$before"
fi

log=${TOLLGATE_LOG:-text}
code=0
tollgate check "$path" --config "$TOLLGATE_CONFIG" "$@" \
    --format "$log" \
    --format "text=$TOLLGATE_OUT/$name.txt" \
    --format "markdown=$TOLLGATE_OUT/$name.md" \
    --format "junit=$TOLLGATE_OUT/$name.xml" \
    --format "sarif=$TOLLGATE_OUT/$name.sarif" || code=$?
# Annotations are for the page of the change; whoever opens the log reads text.
[ "$log" = text ] || [ ! -e "$TOLLGATE_OUT/$name.txt" ] || cat "$TOLLGATE_OUT/$name.txt"
exit "$code"
