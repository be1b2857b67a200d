#!/bin/sh
# Tells a check in a comment on the change: one comment for each name of a check, which the next run replaces.
#
#   comment.sh github|azure-devops|gitlab NAME FILE
#
# FILE is the Markdown of `tollgate check`. A comment is known again by its first line. Needs jq, and gh or curl.
#
# github        GH_TOKEN, GITHUB_REPOSITORY, PULL_REQUEST; TOLLGATE_COMMENTER: who comments, if not github-actions[bot]
# azure-devops  SYSTEM_ACCESSTOKEN, and what every pipeline of a pull request knows
# gitlab        TOLLGATE_GITLAB_TOKEN (scope api), and what every pipeline of a merge request knows
set -eu
umask 077

platform=$1 name=$2 file=$3
if [ ! -e "$file" ]; then
    echo "there is no $file, so nothing was checked and there is nothing to tell"
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

marker="<!-- tollgate-check --><!-- $name -->"
{
    printf '%s\n' "$marker"
    sed '1{/^<!-- tollgate-check -->$/d;}' "$file"
} >"$work/text.md"

# request METHOD URL [BODY]: the token is in a file, since everybody on the machine sees arguments.
request() {
    curl --fail --silent --show-error --config "$work/curl" --request "$1" ${3:+--data-binary "@$3"} "$2"
}

# body KEY: the text as a JSON object.
body() {
    jq --raw-input --slurp --arg key "$1" '{($key): .}' "$work/text.md" >"$work/body.json"
}

case $platform in
github)
    comments=repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments
    body body
    # A workflow may change comments of others; only its own are looked at.
    found() {
        gh api --paginate "$comments?per_page=100" >"$work/comments.json"
        jq --raw-output --arg marker "$marker" --arg who "${TOLLGATE_COMMENTER:-github-actions[bot]}" \
            '.[] | select(.user.login == $who and (.body | startswith($marker))) | .id' "$work/comments.json"
    }
    update() { gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$1" --input "$work/body.json"; }
    create() { gh api --method POST "$comments" --input "$work/body.json"; }
    ;;
azure-devops)
    threads=$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID/_apis/git/repositories/$BUILD_REPOSITORY_ID
    threads=$threads/pullRequests/$SYSTEM_PULLREQUEST_PULLREQUESTID/threads
    printf 'header = "Authorization: Bearer %s"\nheader = "Content-Type: application/json"\n' \
        "$SYSTEM_ACCESSTOKEN" >"$work/curl"
    body content
    # A thread and its first comment: `7/comments/1`.
    found() {
        request GET "$threads?api-version=7.1" >"$work/threads.json"
        jq --raw-output --arg marker "$marker" '.value[]
            | select((.isDeleted | not) and (.comments[0].content // "" | startswith($marker)))
            | "\(.id)/comments/\(.comments[0].id)"' "$work/threads.json"
    }
    update() { request PATCH "$threads/$1?api-version=7.1" "$work/body.json"; }
    # Closed, so that nobody has to resolve it: the check itself holds the change back.
    create() {
        jq '{comments: [{parentCommentId: 0, content: .content, commentType: "text"}], status: "closed"}' \
            "$work/body.json" >"$work/thread.json"
        request POST "$threads?api-version=7.1" "$work/thread.json"
    }
    ;;
gitlab)
    notes=$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes
    printf 'header = "PRIVATE-TOKEN: %s"\nheader = "Content-Type: application/json"\n' \
        "$TOLLGATE_GITLAB_TOKEN" >"$work/curl"
    body body
    found() {
        page=0 full=100
        while [ "$full" = 100 ]; do
            page=$((page + 1))
            request GET "$notes?per_page=100&page=$page" >"$work/page.json"
            jq --raw-output --arg marker "$marker" \
                '.[] | select((.system | not) and (.body | startswith($marker))) | .id' "$work/page.json"
            full=$(jq length "$work/page.json")
        done
    }
    update() { request PUT "$notes/$1" "$work/body.json"; }
    create() { request POST "$notes" "$work/body.json"; }
    ;;
*)
    echo "comment.sh: $platform is not github, azure-devops or gitlab" >&2
    exit 2
    ;;
esac

found >"$work/found"
while read -r id; do
    # Somebody else may have begun a comment in the same way, which this token cannot change.
    if update "$id" >/dev/null; then
        echo "comment $id is up to date"
        exit
    fi
done <"$work/found"
create >/dev/null
echo 'commented'
