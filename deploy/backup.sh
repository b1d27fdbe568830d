#!/bin/sh
# One verified copy of LUISA's database into the folder $1, its SHA-256 beside it, and both into BACKUP_TO if that is set.
# Copies older than KEEP_DAYS (14) go. Used by luisa-backup.service and by the backup service of docker-compose.yml.
set -eu
folder=$1
keep=${KEEP_DAYS:-14}
luisa=${LUISA:-/usr/local/lib/luisa/luisa}
name=luisa-$(date +%F).db
umask 077
mkdir -p "$folder"
"$luisa" backup --force "$folder/$name"
(cd "$folder" && sha256sum "$name" > "$name.sha256")
if [ -n "${BACKUP_TO:-}" ]; then
    mkdir -p "$BACKUP_TO"
    cp "$folder/$name" "$BACKUP_TO/$name.part"
    mv "$BACKUP_TO/$name.part" "$BACKUP_TO/$name"
    cp "$folder/$name.sha256" "$BACKUP_TO/"
    # What arrived is what left, or the job fails and BackupOld says so.
    (cd "$BACKUP_TO" && sha256sum -c --quiet "$name.sha256")
    find "$BACKUP_TO" -name 'luisa-*.db*' -mtime "+$keep" -delete
fi
find "$folder" -name 'luisa-*.db*' -mtime "+$keep" -delete
