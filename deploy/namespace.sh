#!/bin/sh
# Creates the namespace and registers the search attributes of src/core/search-attributes.ts. Idempotent.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}
retention=${TEMPORAL_RETENTION:-7d}
attempts=${ATTEMPTS:-60}

# Runs a command until it succeeds, once per second; says which one never did.
until_done() {
  what=$1
  shift
  left=$attempts
  until "$@"; do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
      echo "$what: gave up after $attempts attempts" >&2
      exit 1
    fi
    sleep 1
  done
  echo "$what: done"
}

cluster_serves() {
  temporal operator cluster health >/dev/null 2>&1
}

namespace_exists() {
  temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$namespace" --retention "$retention"
}

# Creating an attribute again with the same type succeeds; with another type it fails, and so does this job.
attributes_exist() {
  temporal operator search-attribute create --namespace "$namespace" \
    --name JobStatus --type Keyword \
    --name Account --type Keyword \
    --name Model --type Keyword \
    --name ProviderTaskId --type Keyword \
    --name BatchId --type Keyword \
    --name Tenant --type Keyword \
    --name Hold --type Keyword \
    --name TaskExpiresAt --type Datetime \
    --name CostAmount --type Double
}

until_done "cluster" cluster_serves
until_done "namespace $namespace" namespace_exists
until_done "search attributes" attributes_exist
