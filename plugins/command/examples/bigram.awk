# The training of bigram.sh. Every event is one whole line, written at once.

function event(type, body) {
  "date -u +%Y-%m-%dT%H:%M:%SZ" | getline now
  close("date -u +%Y-%m-%dT%H:%M:%SZ")
  printf "{\"seq\":%d,\"type\":\"%s\",\"attempt\":%d,\"segment\":0,\"time\":\"%s\",%s}\n", ++seq, type, A, now, body
  fflush()
}

# words reads the tokens of a binary file, so many on each line, into into[number of the line].
function words(path, per, into,   n, command, line) {
  n = 0
  command = "od -An -v -tu2 -w" 2 * per " '" path "'"
  while ((command | getline line) > 0) into[n++] = line
  close(command)
  return n
}

# nats is the surprise at token b after a: pair counts, leaning on single counts, which lean on one of each.
function nats(a, b) { return -log((pair[a, b] + 8 * (single[b] + 1) / (total + 257)) / (after[a] + 8)) }

function learn(a, b) { pair[a, b]++; after[a]++; single[b]++; total++ }

# score writes the bits per byte of all held-out text.
function score(   i, j, n, t, k, sum, values, bytes) {
  for (i = 0; i < sets; i++) {
    if (parts[i] != "") {
      n = split(parts[i], t, " ")
      sum = 0
      for (j = 1; j <= n; j++) sum += heldout[t[j]]
    } else {
      sum = 0
      for (k = 0; k < windows[i]; k++) {
        n = split(window[i, k], t, " ")
        for (j = 2; j <= n && t[j] != 65535; j++) sum += nats(t[j - 1], t[j])
      }
      heldout[set[i]] = sum
    }
    values = values sprintf("%s\"bpb/%s\":%.17g", i ? "," : "", set[i], sum / log(2) / size[i])
  }
  event("scores", sprintf("\"step\":%d,\"tokens\":%d,\"values\":{%s}", step, step * B * T, values))
}

function usage(   i, read) {
  for (i = 0; i < sources; i++) read = read sprintf("%s\"%s\":%d", i ? "," : "", source[i], rows[i])
  event("usage", sprintf("\"step\":%d,\"rows\":{%s}", step, read))
}

function save(   key, command, body) {
  for (key in pair) {
    split(key, ab, SUBSEP)
    if (pair[key] > 0) print ab[1], ab[2], pair[key] > "counts"
  }
  close("counts")
  command = "sh '" ENVIRON["SCRIPT"] "' save " step
  if ((command | getline body) <= 0 || close(command)) {
    event("finished", "\"outcome\":\"failed\",\"step\":" step ",\"reason\":\"the checkpoint could not be saved\",\"retriable\":true")
    exit 1
  }
  event("checkpoint", body)
  saved = step
}

function restore(path,   line, f) {
  while ((getline line < path) > 0) {
    split(line, f, " ")
    pair[f[1], f[2]] = f[3]; after[f[1]] += f[3]; single[f[2]] += f[3]; total += f[3]
  }
  close(path)
}

function due(every) { return step == N || every > 0 && step % every == 0 }

# train reads the rows of one step: the loss is what the counts so far make of them, and only then they are counted.
function train(   i, j, n, k, sum, count) {
  for (i = 0; i < B; i++) {
    k = batch[2 * (step * B + i)]
    rows[k]++
    text[i] = row[k, batch[2 * (step * B + i) + 1]]
    n = split(text[i], t, " ")
    for (j = 2; j <= n; j++) { sum += nats(t[j - 1], t[j]); count++ }
  }
  for (i = 0; i < B; i++) {
    n = split(text[i], t, " ")
    for (j = 2; j <= n; j++) learn(t[j - 1], t[j])
  }
  return sum / count
}

BEGIN {
  A = ENVIRON["ATTEMPT"]; N = ENVIRON["STEPS"] + 0; B = ENVIRON["BATCH_ROWS"] + 0; T = ENVIRON["ROW_TOKENS"] + 0
  start = ENVIRON["START"] + 0; resume = ENVIRON["RESUME"]
  event("started", sprintf("\"trainer\":{\"name\":\"%s\",\"version\":\"%s\"},\"device\":\"awk\",\"isa\":\"\",\"threads\":1,\"resumed_from\":%s,\"spec_sha256\":\"%s\"", \
    ENVIRON["NAME"], ENVIRON["VERSION"], resume == "" ? "null" : start, ENVIRON["SPEC_SHA256"]))
  event("plan", ENVIRON["PLAN"])

  FS = "\t"; sources = sets = b = 0
  while ((getline < "prepared/sources.tsv") > 0) {
    n = words($3, T + 1, lines)
    for (i = 0; i < n; i++) row[sources, i] = lines[i]
    source[sources] = $1; rows[sources++] = 0
  }
  while ((getline < "prepared/sets.tsv") > 0) {
    set[sets] = $1; size[sets] = $2; windows[sets] = $3; parts[sets] = $5
    if ($4 != "") { words($4, T + 1, lines); for (i = 0; i < $3; i++) window[sets, i] = lines[i] }
    sets++
  }
  command = "od -An -v -tu4 -w8 prepared/batches.bin"
  while ((command | getline line) > 0) { split(line, f, " "); batch[b++] = f[1]; batch[b++] = f[2] }
  close(command)

  saved = -1
  if (resume != "") { restore(resume "/counts"); saved = start }
  for (step = 0; step < start; step++) for (i = 0; i < B; i++) rows[batch[2 * (step * B + i)]]++
  if (start == 0) score()
  while (step < N) {
    if ((getline line < "stop") >= 0) break
    loss = train()
    step++
    if (due(ENVIRON["LOG_EVERY"])) event("metrics", sprintf("\"step\":%d,\"tokens\":%d,\"values\":{\"loss\":%.17g}", step, step * B * T, loss))
    if (due(ENVIRON["EVAL_EVERY"])) score()
    if (due(ENVIRON["LOG_EVERY"])) usage()
    if (due(ENVIRON["CHECKPOINT_EVERY"])) save()
  }
  if (saved != step) save()
  event("finished", sprintf("\"outcome\":\"%s\",\"step\":%d,\"reason\":\"%s\",\"retriable\":false", step == N ? "completed" : "stopped", step, step == N ? "" : "asked to"))
}
