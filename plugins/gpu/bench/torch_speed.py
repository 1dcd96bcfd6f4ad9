"""A plain PyTorch loop of the same model: compiled, bf16, fused AdamW, flash attention. Prints one JSON object."""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.gain.to(x.dtype), 1e-5)


class Block(nn.Module):
    def __init__(self, o):
        super().__init__()
        d = o["width"]
        self.heads, self.head = o["heads"], d // o["heads"]
        self.norm1, self.norm2, self.q_norm, self.k_norm = Norm(d), Norm(d), Norm(self.head), Norm(self.head)
        self.qkv, self.out = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.gate_up, self.down = nn.Linear(d, 2 * o["ffn"], bias=False), nn.Linear(o["ffn"], d, bias=False)

    def forward(self, x, cos, sin):
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, self.head).unbind(2)
        q, k = turn(self.q_norm(q), cos, sin), turn(self.k_norm(k), cos, sin)
        y = F.scaled_dot_product_attention(*(z.transpose(1, 2) for z in (q, k, v)), is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, d))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


def turn(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Decoder(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.embed = nn.Embedding(o["vocab"], o["width"])
        nn.init.normal_(self.embed.weight, std=0.02)
        self.blocks, self.norm = nn.ModuleList(Block(o) for _ in range(o["layers"])), Norm(o["width"])
        half = o["width"] // o["heads"] // 2
        angles = torch.outer(torch.arange(o["context"]), 10000.0 ** (-torch.arange(half) / half))
        self.register_buffer("cos", angles.cos()[:, None], persistent=False)
        self.register_buffer("sin", angles.sin()[:, None], persistent=False)

    def forward(self, rows):
        x = self.embed(rows[:, :-1])
        cos, sin = self.cos.to(x.dtype), self.sin.to(x.dtype)
        for block in self.blocks:
            x = block(x, cos, sin)
        z = F.linear(self.norm(x), self.embed.weight).float()
        total = z.logsumexp(-1)
        nats = total - z.gather(-1, rows[:, 1:, None])[..., 0]
        return nats.mean() + 1e-5 * total.square().mean()


def main():
    o = json.loads(sys.argv[1])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    m = Decoder(o).to(device)
    optimizer = torch.optim.AdamW(m.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=device == "cuda")
    rows = torch.randint(0, o["vocab"], (16, o["rows"], o["context"] + 1), device=device)
    loss_of = torch.compile(m)

    def step(i):
        with torch.autocast(device, torch.bfloat16):
            loss = loss_of(rows[i % 16])
        loss.backward()
        nn.utils.clip_grad_norm_(m.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    began = time.time()
    step(0)
    wait()
    compiled = time.time()
    for i in range(5):
        step(i)
    wait()
    steps, begin = 0, time.time()
    while time.time() - begin < o["seconds"]:
        for i in range(10):
            step(i)
        wait()
        steps += 10
    spent = time.time() - begin
    n = sum(p.numel() for p in m.parameters())
    print(json.dumps({
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu", "slots": 1, "torch": torch.__version__,
        "flops": 6.0 * n + 6.0 * o["layers"] * o["width"] * (o["context"] + 1), "start_s": compiled - o["began"],
        "compile_s": compiled - began, "tokens_per_s": steps * o["rows"] * o["context"] / spent,
        "memory": torch.cuda.max_memory_allocated() if device == "cuda" else 0,
    }))


if __name__ == "__main__":
    main()
