#!/bin/sh
# Creates or upgrades Temporal's two databases. Idempotent; runs again at every server upgrade.
set -eu

schemas=/etc/temporal/schema/postgresql/v12

sql() {
  temporal-sql-tool --plugin postgres12 --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" "$@"
}

prepare() {
  database=$1
  versions=$2
  # Both fail where the database or its first version exists; the update that follows is the proof.
  sql --db "$database" create || true
  sql --db "$database" setup-schema -v 0.0 || true
  sql --db "$database" update-schema -d "$schemas/$versions/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
