"""The one writer of an attempt's events.jsonl: whole lines only, numbered without a gap."""

import datetime
import json
import os


class Events:
    """Appends to the events of the attempt in a folder. Where an earlier part wrote some, numbering goes on in a new
    segment; a torn last line, which no reader has taken, is cut off."""

    def __init__(self, folder, attempt):
        self.attempt, self.seq, self.segment = attempt, 0, 0
        self.file = open(os.path.join(folder, "events.jsonl"), "a+b", buffering=0)
        self.file.seek(0)
        data = self.file.read()
        self.size = data.rfind(b"\n") + 1
        self.last = None
        if self.size:
            self.last = json.loads(data[:self.size].splitlines()[-1])
            self.seq, self.segment = self.last["seq"], self.last["segment"] + 1
        self.file.truncate(self.size)

    def append(self, *bodies):
        """Writes (type, fields) pairs at once. On an error the file holds no part of them."""
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
        lines = []
        for number, (kind, fields) in enumerate(bodies, self.seq + 1):
            head = {"seq": number, "type": kind, "attempt": self.attempt, "segment": self.segment, "time": now}
            lines.append(json.dumps(head | fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
        data = ("\n".join(lines) + "\n").encode()
        try:
            if self.file.write(data) != len(data):
                raise OSError(28, os.strerror(28), "events.jsonl")
        except OSError:
            self.file.truncate(self.size)
            raise
        self.seq, self.size = self.seq + len(bodies), self.size + len(data)

    def log(self, level, said):
        self.append(("log", {"level": level, "text": said.en, "text_ja": said.ja}))

    def sync(self):
        os.fsync(self.file.fileno())

    def close(self):
        self.sync()
        self.file.close()
