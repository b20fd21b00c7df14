#!/usr/bin/env bash
# Makes the secrets of docker/compose.yaml, as far as they are not there: files in docker/secrets, and docker/.env for those that a container takes
# only as a variable. git ignores both. The databases keep the passwords that they were first started with: renew them together with
# `make compose-down ARGS=--volumes`.
set -euo pipefail
cd "$(dirname "$0")"
../make/need.sh openssl

# The folder is closed to others; the files must be readable to the containers' users, who have other numbers than ours.
mkdir -p secrets
chmod 700 secrets
for file in api-token viewer-token session-key postgres-password qdrant-api-key kafkaui-password; do
  [ -f "secrets/$file" ] || openssl rand -hex 32 | tr -d '\n' >"secrets/$file"
done
printf 'postgres://kafkloud:%s@postgres:5432/kafkloud' "$(cat secrets/postgres-password)" >secrets/postgres-url
chmod 644 secrets/*

umask 077
printf 'QDRANT_API_KEY=%s\nKAFKAUI_PASSWORD=%s\n' "$(cat secrets/qdrant-api-key)" "$(cat secrets/kafkaui-password)" >.env
