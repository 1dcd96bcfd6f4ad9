#!/bin/sh
# bigram.sh train: a language model of byte pairs, trained by counting, in the attempt's folder. It shows all that a
# training command does: read what was prepared, write events.jsonl, save and take up checkpoints, leave when asked.
# bigram.sh save STEP: makes the counts in the file counts a checkpoint and prints the body of its event.
set -eu

sha() { sha256sum "$1" | cut -d ' ' -f 1; }
size() { wc -c <"$1" | tr -d ' '; }

save() {
  name=$(printf 'step-%09d-a%04d' "$1" "$ATTEMPT")
  half=$CHECKPOINTS/.saving-$ATTEMPT
  rm -rf "$half"
  mkdir -p "$half"
  mv counts "$half/counts"
  printf '{"manifest_version":1,"run_id":"%s","attempt":%d,"step":%d,"files":[{"path":"counts","sha256":"%s","bytes":%d}]}\n' \
    "$RUN" "$ATTEMPT" "$1" "$(sha "$half/counts")" "$(size "$half/counts")" >"$half/manifest.json"
  sync
  mv "$half" "$CHECKPOINTS/$name"
  manifest=$CHECKPOINTS/$name/manifest.json
  printf '"step":%d,"path":"../checkpoints/%s","bytes":%d,"manifest_sha256":"%s"' "$1" "$name" \
    $(($(size "$manifest") + $(size "$CHECKPOINTS/$name/counts"))) "$(sha "$manifest")"
}

if [ "$1" = save ]; then
  save "$2"
  exit
fi

trap '' TERM # exec makes the file stop as well, and awk looks for it after every step
export SPEC_SHA256 SCRIPT PLAN
SPEC_SHA256=$(sha spec.json) SCRIPT=$0 PLAN=$(sed 's/^{//;s/}$//' prepared/plan.json)
exec awk -f "${0%.sh}.awk" >>events.jsonl
