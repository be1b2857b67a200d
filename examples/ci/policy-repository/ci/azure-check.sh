#!/bin/sh
# `check.sh` in an Azure DevOps pipeline: its page shows the Markdown, its list of errors says how the check ended.
#
#   azure-check.sh NAME PATH [FLAG...]
set -eu

code=0
"$(dirname "$0")/check.sh" "$@" || code=$?
if [ -e "$TOLLGATE_OUT/$1.md" ]; then
    echo "##vso[task.uploadsummary]$TOLLGATE_OUT/$1.md"
fi
case $code in
0) ;;
1) echo "##vso[task.logissue type=error]tollgate $1: not allowed; the comment says what would pass" ;;
*) echo "##vso[task.logissue type=error]tollgate $1: could not be answered" ;;
esac
if [ "$code" != 0 ]; then
    echo "##vso[task.complete result=Failed;]tollgate ended with $code"
fi
exit "$code"
