# Runs the migrations that the database has not seen yet, in order, each in one transaction together with the note that it ran.
set -eu
psql -q -v ON_ERROR_STOP=1 -c 'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, done timestamptz DEFAULT now())'
for file in *.sql; do
  if [ -n "$(psql -tAc "SELECT 1 FROM migrations WHERE name = '$file'")" ]; then
    echo "$file: done before"
    continue
  fi
  psql -q -v ON_ERROR_STOP=1 --single-transaction -f "$file" -c "INSERT INTO migrations (name) VALUES ('$file')"
  echo "$file: done"
done
