"""The attempts of a pack, as they are put into its folder while it runs.

Whoever has a run for the pack writes a file into members, with the path of the attempt's folder. An attempt that is taken is
held by its lock, as `haigo exec` holds one that has a process of its own, and one that was begun before is never taken: so no
attempt is trained twice, whoever wrote what.
"""

import datetime
import fcntl
import json
import os
import time
import traceback

import files

LINGER_SECONDS = 10  # how long a pack without a run waits for the next


class Listed:
    """Sessions that are all known."""

    def __init__(self, sessions):
        self.sessions = list(sessions)

    def next(self):
        """One that nobody trains yet, None where there is none now."""
        return self.sessions.pop(0) if self.sessions else None

    def may_come(self):
        """Whether there may yet be one."""
        return False


class Members:
    """The members of the pack in a folder; begin(folder, hold) makes the session of one that is taken. None is once signalled
    says that the pack has to leave."""

    def __init__(self, folder, begin, signalled):
        self.folder, self.begin, self.signalled, self.seen = folder, begin, signalled, set()
        self.until = time.monotonic() + LINGER_SECONDS
        with open(os.path.join(folder, "process.json"), "rb") as file:
            self.process = file.read()

    def next(self):
        place = os.path.join(self.folder, "members")
        for name in [] if self.signalled() else sorted(set(os.listdir(place)) - self.seen):
            if not name.startswith(".") and (session := self._take(name, os.path.join(place, name))):
                return session
        return None

    def _take(self, name, path):
        """The session of a member; None where another process has it, or had it."""
        try:
            with open(path, encoding="utf-8") as file:
                folder = files.resolve(self.folder, file.read().strip())
        except FileNotFoundError:  # taken out meanwhile
            return None
        begun = lambda: os.path.exists(os.path.join(folder, "process.json"))
        if begun() or not os.path.isdir(folder):
            self.seen.add(name)
            return None
        lock = _lock(folder)
        if lock is None:
            return None
        self.seen.add(name)
        if begun():  # meanwhile
            os.close(lock)
            return None
        hold = Hold(self, folder, lock)
        try:
            return self.begin(folder, hold)
        except Exception as error:
            traceback.print_exc()
            hold.release("failed", str(error))
            return None

    def may_come(self):
        return time.monotonic() < self.until and not self.signalled()


class Hold:
    """What keeps an attempt this pack's, from when it is taken to when it has left."""

    def __init__(self, members, folder, lock):
        self.members, self.folder, self.lock, self.started = members, folder, lock, _now()
        files.write(os.path.join(folder, "process.json"), members.process)

    def release(self, outcome, error=""):
        """Says that the attempt has ended; its events are on disk. A pack that can't say so has to end."""
        said = {"code": 1 if outcome == "failed" else 0, "signal": "", "part": "run", "error": error, "started": self.started,
                "ended": _now(), "nonce": json.loads(self.members.process)["nonce"]}
        try:
            files.write(os.path.join(self.folder, "exit.json"), files.encode(said))
        except OSError as failure:
            raise SystemExit(f"can't say that {self.folder} has left: {failure}") from failure
        os.close(self.lock)
        if outcome == "stopped":  # whoever stops runs isn't about to bring another
            self.members.until = 0.0
        else:
            self.members.until = time.monotonic() + LINGER_SECONDS


def _lock(folder):
    """The attempt's lock, as an open file; None while another process has it. Those who only look share it for a moment."""
    handle = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
    for _ in range(100):
        if _flock(handle, fcntl.LOCK_EX):
            return handle
        if not _flock(handle, fcntl.LOCK_SH):
            break
        _flock(handle, fcntl.LOCK_UN)
        time.sleep(0.005)
    os.close(handle)
    return None


def _flock(handle, how):
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
