#!/bin/sh
# The page: greets, and shows what the API answered.
answer=$(wget -qO- "$API_URL" 2>&1) || answer="nothing: $answer"
printf 'Content-Type: text/plain\r\n\r\n'
printf '%s\nthe API says: %s\n' "$GREETING" "$answer"
