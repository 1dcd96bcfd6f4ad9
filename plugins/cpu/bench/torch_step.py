"""PyTorch as a contender: torch_step.py DIR eager|compiled answers each number on its standard input with a line of JSON.

The model, its weights and its batches are those of the exercise in DIR. Attention is fused, AdamW is fused, queries, keys
and values are one product, gate and up another: as fast as plain PyTorch gets.
"""

import json
import struct
import sys
import time

import torch
import torch.nn.functional as F

folder, mode = sys.argv[1:]
exercise = json.load(open(f"{folder}/exercise.json"))
c = exercise["Model"]
L, D, H, T = c["Layers"], c["Width"], c["Heads"], c["Context"]
torch.set_num_threads(exercise["Threads"])


def read_tensors(path):
    data = open(path, "rb").read()
    (size,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, e in json.loads(data[8 : 8 + size]).items():
        start, end = (8 + size + o for o in e["data_offsets"])
        tensors[name] = torch.frombuffer(bytearray(data[start:end]), dtype=torch.float32).view(e["shape"])
    return tensors


def rotation():
    inverse = c["RopeBase"] ** (-torch.arange(0, D // H, 2).double() / (D // H))
    angles = torch.outer(torch.arange(T).double(), inverse)
    angles = torch.cat([angles, angles], -1)
    return angles.cos().float(), angles.sin().float()


class Block(torch.nn.Module):
    def __init__(self, tensors, at):
        super().__init__()
        for name in ["norm1", "norm2"]:
            setattr(self, name, torch.nn.Parameter(tensors[at + name].clone()))
        for name in ["qkv", "out", "gate_up", "down"]:  # F.linear takes [out, in]
            setattr(self, name, torch.nn.Parameter(tensors[at + name].t().contiguous()))

    def forward(self, x, cos, sin):
        x = x + F.linear(self.attend(F.rms_norm(x, (D,), self.norm1, c["NormEps"]), cos, sin), self.out)
        gate, up = F.linear(F.rms_norm(x, (D,), self.norm2, c["NormEps"]), self.gate_up).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down)

    def attend(self, x, cos, sin):
        q, k, v = (p.view(-1, T, H, D // H).transpose(1, 2) for p in F.linear(x, self.qkv).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(turn(q, cos, sin), turn(k, cos, sin), v, is_causal=True)
        return mixed.transpose(1, 2).reshape(-1, T, D)


def turn(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


class Model(torch.nn.Module):
    def __init__(self, tensors):
        super().__init__()
        self.embed = torch.nn.Parameter(tensors["embed"].clone())
        self.blocks = torch.nn.ModuleList(Block(tensors, f"layers.{i}.") for i in range(L))
        self.norm = torch.nn.Parameter(tensors["norm"].clone())
        cos, sin = rotation()
        self.register_buffer("cos", cos)
        self.register_buffer("sin", sin)

    def forward(self, tokens, targets):
        x = F.embedding(tokens, self.embed)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = F.linear(F.rms_norm(x, (D,), self.norm, c["NormEps"]), self.embed)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


model = Model(read_tensors(f"{folder}/weights.safetensors"))
a = exercise["AdamW"]
matrices = [p for p in model.parameters() if p.dim() > 1]
gains = [p for p in model.parameters() if p.dim() == 1]
optimizer = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": a["WeightDecay"]}, {"params": gains, "weight_decay": 0.0}],
    lr=exercise["Rate"], betas=(a["Beta1"], a["Beta2"]), eps=a["Eps"], fused=True,
)
loss_of = torch.compile(model) if mode == "compiled" else model
raw = bytearray(open(f"{folder}/batches.bin", "rb").read())
batches = torch.frombuffer(raw, dtype=torch.uint16).view(exercise["Batches"], exercise["Rows"], T + 1).long()


def step(i):
    batch = batches[i % len(batches)]
    loss = loss_of(batch[:, :-1], batch[:, 1:])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), a["Clip"])
    optimizer.step()
    return loss.item()


done = 0
for line in sys.stdin:
    steps = int(line)
    began = time.perf_counter()
    losses = [step(done + i) for i in range(steps)]
    seconds = time.perf_counter() - began
    done += steps
    print(json.dumps({"seconds": seconds, "losses": losses}), flush=True)
