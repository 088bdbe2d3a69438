"""Plays random sessions against the Python meter and writes them in the form of `vectors/sessions.json`.

    fuzz_sessions.py --out FILE [--seed N] [--sessions N] [--steps N]

Sequence numbers, floors and epochs are drawn near the edges of the window, and old vouchers are shown again.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import tapwatt_wire as wire
from meter_core import WINDOW_SIZE, Clock, Meter, Record

MAX_U32 = 2**32 - 1


class RandomSession:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.master = self.random.randbytes(32)
        self.meter_id = self.random.choice((1, 7, 2**64 - 1))
        self.root = wire.meter_root_key(self.master, self.meter_id)
        first_epoch = self.random.choice((1, 1, 2, 65533))
        self.limit, self.charged = 10**6, self.random.choice((0, 5_000, 2**40))
        self.meter = Meter(self.meter_id, self.root, Record(key_epoch=first_epoch, limit=self.limit), self.charged)
        self.start = {
            "master": self.master.hex(), "meterId": str(self.meter_id), "keyEpoch": first_epoch,
            "limit": str(self.limit), "charged": str(self.charged),
        }  # fmt: skip
        self.shown: list[dict[str, Any]] = []
        self.now = 1_000_000

    @property
    def record(self) -> Record:
        record = self.meter.record
        assert record is not None
        return record

    def seal(self, v: dict[str, Any]) -> bytes:
        return wire.encode_voucher(v, wire.EpochKeys(self.root, v["keyEpoch"]))

    def seq(self) -> int:
        window = self.record.window
        base = self.random.choice((window.hi, window.floor_seq, window.hi + 1, 1))
        offset = self.random.choice((0, 0, 1, 1, 2, 3, -1, -2, WINDOW_SIZE - 1, WINDOW_SIZE, 1 - WINDOW_SIZE, -WINDOW_SIZE))
        return min(MAX_U32, max(1, base + offset))

    def new_voucher(self) -> dict[str, Any]:
        kind = self.random.choices((1, 2, 3, 5, 4, 6), (60, 15, 5, 8, 0.6, 3))[0]
        ends = kind in wire.EPOCH_ENDING_KINDS
        seq = 0 if ends else self.seq()
        floor = 0 if ends else self.random.choice((1, 1, min(seq, self.record.window.floor_seq), self.random.randint(1, seq)))
        epoch = self.random.choices((self.record.key_epoch, max(1, self.record.key_epoch - 1), self.record.key_epoch + 1), (8, 2, 0.4))[0]
        return {
            "kind": kind, "meterId": self.meter_id, "keyEpoch": min(epoch, 65534 if ends else 65535), "seq": seq,
            "amount": self.random.choice((1, 900, 40_000, 10**6, wire.MAX_AMOUNT)) if kind in wire.MONEY_KINDS else 0,
            "issuedAt": self.now, "expiresAt": self.random.choice((0, self.now - 1, self.now + 5)) if kind in (1, 3, 5) else 0,
            "voucherId": self.random.randbytes(16), "floorSeq": floor,
        }  # fmt: skip

    def voucher(self) -> dict[str, Any]:
        if not self.shown or self.random.random() < 0.6:
            return self.new_voucher()
        old = self.random.choice(self.shown[-40:])
        if old["seq"] > 0 and self.random.random() < 0.5:
            return {**old, "kind": wire.VOID, "amount": 0, "expiresAt": 0}
        if self.random.random() < 0.2:
            return {**old, "voucherId": self.random.randbytes(16)}
        return old

    def frame(self) -> bytes:
        v = self.voucher()
        self.shown.append(v)
        how = self.random.random()
        if how < 0.03:
            v = {**v, "meterId": self.meter_id ^ 1 or 2}
        frame = self.seal(v)
        if how > 0.98:
            return frame[:-1] if how > 0.99 else frame + b"\0"
        if how > 0.95:
            at = self.random.randrange(len(frame))
            return frame[:at] + bytes([frame[at] ^ 1 << self.random.randrange(8)]) + frame[at + 1 :]
        return frame

    def step(self) -> dict[str, Any]:
        action = self.random.random()
        keys = wire.EpochKeys(self.root, max(1, self.record.key_epoch - (self.random.random() < 0.1)))
        if action < 0.85:
            self.now += self.random.choice((0, 1, 10))
            clock = Clock(self.now, self.random.choice((0, 1, 2)))
            frame = self.frame()
            self.meter.record, receipt = self.meter.present(frame, clock)
            return {"present": frame.hex(), "at": clock.now, "clockTrust": clock.trust, "receipt": receipt.hex()}
        if action < 0.92:
            window = self.record.window
            fields = {
                "keyEpoch": keys.key_epoch, "meterId": self.meter_id,
                "receiptNo": self.random.randint(0, self.record.receipt_no + 2),
                "floorSeq": self.random.choice((0, 1, window.floor_seq, window.hi + 1, max(1, window.hi - 3))),
            }  # fmt: skip
            frame = wire.encode_ack(fields, keys)
            self.meter.record = self.meter.acknowledge(frame) or self.meter.record
            return {"ack": frame.hex()}
        if action < 0.95:
            time_no = max(0, self.record.time_no + self.random.choice((-1, 0, 1, 2)))
            frame = wire.encode_time(
                {"keyEpoch": keys.key_epoch, "meterId": self.meter_id, "timeNo": time_no, "time": self.now}, keys
            )
            taken = self.meter.set_time(frame)
            self.meter.record = taken[0] if taken else self.meter.record
            return {"setTime": frame.hex()}
        return {"status": self.meter.status(self.random.getrandbits(6), self.now).hex()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--steps", type=int, default=120)
    options = parser.parse_args()
    sessions = []
    for number in range(options.sessions):
        seed = options.seed * 1_000_000 + number
        session = RandomSession(seed)
        steps = [session.step() for _ in range(options.steps)]
        sessions.append({"name": f"seed {seed}", **session.start, "steps": steps})
    options.out.write_text(json.dumps(sessions))


if __name__ == "__main__":
    main()
