"""gpt.py: a decoder-only transformer (RMSNorm, RoPE, SwiGLU) under torchrun, in an attempt's folder.

It shows how a training script follows the run directory: spec.json says what to train, the folder prepared has the rows
of every step, and rank 0 writes events.jsonl and checkpoints. Adapt the model; keep the Run.
"""
import datetime, hashlib, json, math, os, pathlib, shutil, signal, time

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F


class Run:
    """The run directory of one attempt, as rank 0 writes it."""

    def __init__(self):
        raw = pathlib.Path("spec.json").read_bytes()
        self.spec, self.digest, self.seq, self.own = json.loads(raw), hashlib.sha256(raw).hexdigest(), 0, []
        table = lambda name: [line.split("\t") for line in pathlib.Path("prepared", name).read_text().splitlines()]
        length = self.spec["row_tokens"] + 1
        self.rows = [np.memmap(path, "<u2", "r", shape=(int(n), length)) for _, n, path in table("sources.tsv")]
        self.batches = np.memmap("prepared/batches.bin", "<u4", "r").reshape(self.spec["steps"], self.spec["batch_rows"], 2)
        self.sets = table("sets.tsv")
        self.events = open("events.jsonl", "a") if rank == 0 else None

    def event(self, kind, **body):
        if rank:
            return
        self.seq += 1
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
        head = {"seq": self.seq, "type": kind, "attempt": self.spec["attempt"], "segment": 0, "time": now}
        self.events.write(json.dumps(head | body, allow_nan=False) + "\n")  # one whole line
        self.events.flush()

    def batch(self, step):
        """The rows of a step, this rank's share of them."""
        return np.stack([self.rows[k][i] for k, i in self.batches[step][rank::world]]).astype(np.int64)

    def load(self, folder):
        """The state in a checkpoint; None, after saying why, where that isn't there or isn't what its manifest says."""
        try:
            for f in json.loads((pathlib.Path(folder) / "manifest.json").read_text())["files"]:
                if hashlib.sha256((pathlib.Path(folder) / f["path"]).read_bytes()).hexdigest() != f["sha256"]:
                    raise ValueError(f"{folder}/{f['path']} is damaged")
            return torch.load(pathlib.Path(folder) / "state.pt", map_location=device, weights_only=True)
        except (OSError, ValueError) as e:
            self.event("log", level="error", text=f"the checkpoint can't be taken up: {e}")
            self.event("finished", outcome="failed", step=self.spec["checkpoint"]["resume_from"]["step"], reason=str(e), retriable=True)

    def save(self, step, state):
        if rank:
            return
        checkpoints = pathlib.Path("../checkpoints")
        name, half = f"step-{step:09d}-a{self.spec['attempt']:04d}", checkpoints / f".saving-a{self.spec['attempt']:04d}"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        torch.save(state, half / "state.pt")
        data = (half / "state.pt").read_bytes()
        files = [{"path": "state.pt", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}]
        manifest = json.dumps({"manifest_version": 1, "run_id": self.spec["run_id"], "attempt": self.spec["attempt"], "step": step, "files": files}).encode()
        (half / "manifest.json").write_bytes(manifest)
        os.sync()  # events are on disk before the checkpoint that covers them appears
        half.rename(checkpoints / name)
        self.own += ([name] if step not in self.spec["checkpoint"].get("keep_at", []) else [])
        self.event("checkpoint", step=step, path=f"../checkpoints/{name}", bytes=len(data) + len(manifest), manifest_sha256=hashlib.sha256(manifest).hexdigest())
        while 0 < self.spec["checkpoint"]["keep"] < len(self.own):
            shutil.rmtree(checkpoints / self.own.pop(0))


class Block(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.heads, self.head = m["heads"], m["width"] // m["heads"]
        w, f = m["width"], m["ffn"]
        self.norm1, self.norm2 = nn.RMSNorm(w, m["norm_eps"]), nn.RMSNorm(w, m["norm_eps"])
        self.qkv, self.out = nn.Linear(w, 3 * w, bias=False), nn.Linear(w, w, bias=False)
        self.gate, self.up, self.down = (nn.Linear(a, b, bias=False) for a, b in ((w, f), (w, f), (f, w)))

    def forward(self, x, cos, sin):
        b, t, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, self.head).permute(2, 0, 3, 1, 4)
        turn = lambda z: z * cos + torch.cat((-z[..., self.head // 2:], z[..., : self.head // 2]), -1) * sin
        x = x + self.out(F.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True).transpose(1, 2).reshape(b, t, w))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class GPT(nn.Module):
    def __init__(self, m, context):
        super().__init__()
        self.embed = nn.Embedding(m["vocab"], m["width"])
        self.blocks = nn.ModuleList(Block(m) for _ in range(m["layers"]))
        self.norm, self.head = nn.RMSNorm(m["width"], m["norm_eps"]), nn.Linear(m["width"], m["vocab"], bias=False)
        if m["tied"]:
            self.head.weight = self.embed.weight
        half = m["width"] // m["heads"] // 2
        angles = torch.outer(torch.arange(context), m["rope_base"] ** (-torch.arange(half) / half)).repeat(1, 2)
        self.register_buffer("cos", angles.cos(), False), self.register_buffer("sin", angles.sin(), False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02 / (math.sqrt(2 * m["layers"]) if name.endswith(("out.weight", "down.weight")) else 1))

    def forward(self, tokens, targets):
        """Nats of each target; padding (65535) counts nothing."""
        x = self.embed(tokens.clamp(max=self.embed.num_embeddings - 1))
        t = tokens.shape[1]
        for block in self.blocks:
            x = block(x, self.cos[:t].to(x.dtype), self.sin[:t].to(x.dtype))
        return F.cross_entropy(self.head(self.norm(x)).float().transpose(1, 2), targets, ignore_index=65535, reduction="none")


def rate(spec, step):
    """The learning rate of the update that ends step, as a share of a schedule with warm-up."""
    o, n = spec["optimizer"], spec["steps"]
    scale = math.prod(i["lr_scale"] for i in spec["interventions"] if "from_step" in i and step > i["from_step"])
    if step <= o["warmup_steps"]:
        return scale * o["peak_lr"] * step / o["warmup_steps"]
    begin = n - o["decay_steps"] if o["decay"] == "wsd" else o["warmup_steps"]
    done = min(1, max(0, (step - begin) / max(1, n - begin)))
    share = {"constant": 1, "cosine": (1 + math.cos(math.pi * done)) / 2}.get(o["decay"], 1 - done)
    return scale * o["peak_lr"] * (o["final_lr_fraction"] + (1 - o["final_lr_fraction"]) * share)


@torch.no_grad()
def score(run, model, step):
    """Bits per byte of every held-out set; the windows go round the ranks."""
    nats, values = {}, {}
    for name, size, windows, path, *parts in run.sets:
        if parts:
            nats[name] = sum(nats[p] for p in parts[0].split())
        else:
            rows = np.fromfile(path, "<u2").reshape(int(windows), -1)[rank::world].astype(np.int64)
            total = torch.zeros((), dtype=torch.float64, device=device)
            for part in np.array_split(rows, max(1, len(rows) // 16)):
                if len(part):
                    x = torch.from_numpy(part).to(device)
                    total += model(x[:, :-1], x[:, 1:]).double().sum()
            dist.all_reduce(total)
            nats[name] = total.item()
        values[f"bpb/{name}"] = nats[name] / math.log(2) / int(size)
    run.event("scores", step=step, tokens=step * batch_tokens, values=values)


def usage(run, spec, step):
    skipped = [s for i in spec["interventions"] if "skip" in i for s in range(*i["skip"])]
    read = np.delete(run.batches[:step, :, 0], [s for s in skipped if s < step], 0)
    run.event("usage", step=step, rows={s["name"]: int((read == k).sum()) for k, s in enumerate(spec["sources"])})


def main():
    run = Run()
    spec, m, o = run.spec, run.spec["model"], run.spec["optimizer"]
    global batch_tokens
    steps, batch_tokens = spec["steps"], spec["batch_rows"] * spec["row_tokens"]
    if m["kv_heads"] != m["heads"] or m["qk_norm"] or spec["batch_rows"] % world:
        return run.event("finished", outcome="failed", step=0, reason=f"this model has no grouped heads, and batch_rows must divide by {world}", retriable=False)
    resume = spec["checkpoint"]["resume_from"]
    step = start = resume["step"] if resume else 0
    kind = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    run.event("started", trainer={"name": os.environ["NAME"], "version": os.environ["VERSION"]}, device=kind, devices=world if device.type == "cuda" else 1, isa="", threads=torch.get_num_threads(), resumed_from=start if resume else None, spec_sha256=run.digest)
    run.event("plan", **json.loads(pathlib.Path("prepared/plan.json").read_text()))

    torch.manual_seed(int(spec["init_seed"], 16) % 2**63)
    model = GPT(m, spec["row_tokens"]).to(device)
    decayed = lambda p: {"weight_decay": o["weight_decay"] if p.dim() == 2 else 0.0}
    adam = torch.optim.AdamW([{"params": [p]} | decayed(p) for p in model.parameters()], betas=(o["beta1"], o["beta2"]), eps=o["eps"])
    if resume:
        state = run.load(resume["path"])
        if state is None:
            return
        model.load_state_dict(state["model"]), adam.load_state_dict(state["adam"])
    whole = nn.parallel.DistributedDataParallel(model)
    due = lambda every: step == steps or every > 0 and step % every == 0
    every = max(1, spec["log"].get("every_steps", 1))
    state = lambda: {"model": model.state_dict(), "adam": adam.state_dict()}
    saved, clock, since = (start if resume else -1), time.monotonic(), start
    if not resume and not spec["eval"].get("skip_start"):
        score(run, model, 0)
    while step < steps:
        asked = torch.tensor([os.path.exists("stop")], dtype=torch.int32, device=device)
        dist.all_reduce(asked, dist.ReduceOp.MAX)  # all ranks leave at one step
        if asked.item():
            break
        skip = any(i["skip"][0] <= step < i["skip"][1] for i in spec["interventions"] if "skip" in i)
        x = torch.from_numpy(run.batch(step)).to(device)
        with torch.autocast(device.type, torch.bfloat16, spec["precision"] == "bf16"):
            loss = whole(x[:, :-1], x[:, 1:]).mean()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), o["clip"] or math.inf)
        step += 1
        for group in adam.param_groups:
            group["lr"] = rate(spec, step)
        if not skip:
            adam.step()
        adam.zero_grad()
        dist.all_reduce(loss := loss.detach(), dist.ReduceOp.SUM)
        loss = loss.item() / world
        finite = math.isfinite(loss) and math.isfinite(norm.item())
        word = lambda v: v if math.isfinite(v) else "NaN" if math.isnan(v) else "Infinity" if v > 0 else "-Infinity"
        ends = not finite and spec["on_nonfinite"] == "stop"
        if due(every) or ends:
            speed = (step - since) * batch_tokens / (time.monotonic() - clock)
            run.event("metrics", step=step, tokens=step * batch_tokens, values={"loss": word(loss), "grad_norm": word(norm.item()), "lr": adam.param_groups[0]["lr"], "tokens_per_s": speed})
            clock, since = time.monotonic(), step
        if ends:
            return run.event("finished", outcome="diverged", step=step, reason="the loss or its gradient isn't finite", retriable=False)
        if due(spec["eval"]["every_steps"]):
            score(run, model, step)
        if due(every):
            usage(run, spec, step)
        if due(spec["checkpoint"]["every_steps"]) or step in spec["checkpoint"].get("keep_at", []):
            run.save(step, state())
            saved = step
    if saved != step:
        run.save(step, state())
    run.event("finished", outcome="completed" if step == steps else "stopped", step=step, reason="" if step == steps else "asked to", retriable=False)


dist.init_process_group()  # NCCL where there are GPUs, else Gloo
rank, world = dist.get_rank(), dist.get_world_size()
device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if torch.cuda.is_available() else torch.device("cpu")
if device.type == "cuda":
    torch.cuda.set_device(device)
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # exec makes the file stop as well, which all ranks look for
main()
dist.destroy_process_group()
