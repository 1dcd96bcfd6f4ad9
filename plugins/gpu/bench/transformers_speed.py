"""transformers' Trainer on a Llama of the same shape, without norms of queries and keys: bf16, flash attention through
SDPA, fused AdamW, not compiled, as most people run it. Prints one JSON object."""

import json
import sys
import tempfile
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments


class Rows(torch.utils.data.Dataset):
    def __init__(self, o, count):
        self.rows = torch.randint(0, o["vocab"], (count, o["context"]))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return {"input_ids": self.rows[i], "labels": self.rows[i]}


class Clock(TrainerCallback):
    """Notes when steps end, and stops after so many seconds."""

    def __init__(self, seconds):
        self.seconds, self.ends = seconds, []

    def on_step_end(self, args, state, control, **_):
        if torch.cuda.is_available() and len(self.ends) < 12:
            torch.cuda.synchronize()
        self.ends.append(time.time())
        control.should_training_stop = len(self.ends) > 11 and self.ends[-1] - self.ends[10] > self.seconds


def main():
    o = json.loads(sys.argv[1])
    m = LlamaForCausalLM(LlamaConfig(
        vocab_size=o["vocab"], hidden_size=o["width"], intermediate_size=o["ffn"], num_hidden_layers=o["layers"],
        num_attention_heads=o["heads"], max_position_embeddings=o["context"], tie_word_embeddings=True, use_cache=False,
    ))
    card, clock = torch.cuda.is_available(), Clock(o["seconds"])
    with tempfile.TemporaryDirectory() as folder:
        Trainer(m, TrainingArguments(
            folder, per_device_train_batch_size=o["rows"], max_steps=100_000, bf16=card, optim="adamw_torch_fused" if card else "adamw_torch",
            logging_steps=50, save_strategy="no", report_to=[], disable_tqdm=True, dataloader_num_workers=2 if card else 0,
        ), train_dataset=Rows(o, 64 * o["rows"]), callbacks=[clock]).train()
    steps, spent = len(clock.ends) - 11, clock.ends[-1] - clock.ends[10]
    n = sum(p.numel() for p in m.parameters())
    print(json.dumps({
        "device": torch.cuda.get_device_name() if card else "cpu", "slots": 1,
        "flops": 6.0 * n + 6.0 * o["layers"] * o["width"] * (o["context"] + 1), "start_s": clock.ends[0] - o["began"], "compile_s": 0.0,
        "tokens_per_s": steps * o["rows"] * o["context"] / spent, "memory": torch.cuda.max_memory_allocated() if card else 0,
    }))


if __name__ == "__main__":
    main()
