#!/bin/sh
# Lays the repository as it was before the change beside it, for the difference in cost.
#
#   base.sh FOLDER COMMIT
#
# COMMIT must be in the clone. GitHub and Azure DevOps check out a merge of the change into its target, whose first parent
# (HEAD^1) is the target; GitLab names the commit.
set -eu

# A runner may have kept the clone of an earlier job, and not its folders.
git worktree prune
git worktree add --detach "$1" "$2"
