#!/usr/bin/env bash
# Send a line of text to the people who look after the project, at the webhook TELL_URL (as Slack's take it).
#   TELL_URL=https://... ops/tell.sh TEXT
# Whoever calls this counts on somebody hearing it: without an address, or an answer, it fails.
set -euo pipefail
text=${1:?what shall be told?}
[ -n "${TELL_URL:-}" ] || { echo "TELL_URL is empty, so nobody can be told: $text" >&2; exit 1; }
body=$(python3 -c 'import json, sys; print(json.dumps({"text": sys.argv[1]}))' "$text")
# The address may hold a secret, so it is no argument of curl.
printf 'url = "%s"\n' "$TELL_URL" |
  curl --silent --show-error --fail --max-time 30 --config - --header 'Content-Type: application/json' --data "$body" >/dev/null
