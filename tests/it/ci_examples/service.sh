#!/bin/sh
# Stands in for `gh` and `curl`: a code host that keeps comments in a file. What it was asked is written down.
set -eu

printf '%s %s\n' "$(basename "$0")" "$*" >>"$YARD/calls"
method=GET body='' url='' config='' output=''
while [ $# -gt 0 ]; do
    case $1 in
    --method | --request) method=$2; shift ;;
    --input) body=$2; shift ;;
    --data-binary) body=${2#@}; shift ;;
    --config) config=$2; shift ;;
    --output) output=$2; shift ;;
    -*) ;;
    *) url=$1 ;;
    esac
    shift
done

case $url in
https://releases.hashicorp.com/*) echo terraform >"$output"; exit ;;
esac
# Whoever asks shows a token.
[ "${GH_TOKEN:-}" = secret-token ] || grep -q '"\(PRIVATE-TOKEN:\|Authorization: Bearer\) secret-token"' "$config"

told=$YARD/comments.json
change() {
    jq "$@" "$told" >"$told.new"
    mv "$told.new" "$told"
}
path=${url%%\?*}
case $method:$path in
GET:*/threads) jq '{value: .}' "$told" ;;
GET:*/notes)
    page=${url##*page=}
    jq --argjson page "$page" '.[($page - 1) * 100 : $page * 100]' "$told" ;;
GET:*) cat "$told" ;;
POST:*/threads)
    change --slurpfile new "$body" '. + [$new[0] | {id: 7, isDeleted: false, status, comments: [.comments[0] + {id: 1}]}]' ;;
POST:*)
    change --slurpfile new "$body" \
        '. + [{id: (41 + length), system: false, user: {login: "github-actions[bot]"}, body: $new[0].body}]' ;;
PATCH:*/threads/*/comments/1)
    change --slurpfile new "$body" 'map(.comments[0].content = $new[0].content)' ;;
*)
    id=${path##*/}
    # What somebody else wrote cannot be changed.
    jq --exit-status --argjson id "$id" 'any(.id == $id and .user.login == "github-actions[bot]")' "$told" >"$YARD/may" \
        || exit 22
    change --argjson id "$id" --slurpfile new "$body" 'map(if .id == $id then .body = $new[0].body else . end)' ;;
esac
