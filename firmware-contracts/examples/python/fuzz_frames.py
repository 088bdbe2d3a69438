"""Makes random frames and what this implementation says of them, for another implementation to agree with.

    fuzz_frames.py --out FOLDER [--seed N] [--count N]

Writes master.hex and, for each of `mixed`, `ack` and `time`: NAME.frames (hex, one a line), NAME.decoded (the JSON line
that `tapwatt frame decode - --master-file master.hex` must print for each), NAME.seal and NAME.sealed (JSON lines for
`tapwatt frame seal` and the frames it must print).
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import tapwatt_wire as wire

EDGES_32 = (0, 1, 2, 63, 64, 65, 2**31, 2**32 - 1)
EDGES_64 = (0, 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1)


class Maker:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.master = self.random.randbytes(32)

    def u32(self) -> int:
        return self.random.choice(EDGES_32) if self.random.random() < 0.4 else self.random.getrandbits(32)

    def u64(self) -> int:
        return self.random.choice(EDGES_64) if self.random.random() < 0.4 else self.random.getrandbits(64)

    def i64(self) -> int:
        return self.u64() - 2**63

    def meter_id(self) -> int:
        return max(1, self.u64())

    def voucher(self) -> dict[str, Any]:
        kind = self.random.randint(1, 6)
        ends = kind in wire.EPOCH_ENDING_KINDS
        seq = 0 if ends else max(1, self.u32())
        return {
            "kind": kind, "meterId": self.meter_id(), "keyEpoch": self.random.choice((1, 2, 65534, 7)), "seq": seq,
            "amount": self.random.randint(1, wire.MAX_AMOUNT) if kind in wire.MONEY_KINDS else 0,
            "issuedAt": self.u32(), "expiresAt": self.u32() if kind in (1, 3, 5) else 0,
            "voucherId": self.random.randbytes(16), "floorSeq": 0 if ends else self.random.randint(1, seq),
        }  # fmt: skip

    def receipt(self) -> dict[str, Any]:
        return {
            "result": self.random.choice(list(wire.RESULTS)), "kind": self.random.randint(1, 6),
            "clockTrust": self.random.randint(0, 2), "meterId": self.meter_id(),
            "keyEpoch": self.random.getrandbits(16), "receiptNo": self.u32(), "seq": self.u32(),
            "voucherId": self.random.randbytes(16), "credited": self.u64(), "balance": self.i64(),
            "cumulativeCredited": self.u64(), "hi": self.u32(), "used": self.u64(), "meterTime": self.u32(),
            "opening": self.random.randbytes(32),
        }  # fmt: skip

    def status(self) -> dict[str, Any]:
        return {
            "stateBits": self.random.getrandbits(7), "keyEpoch": max(1, self.random.getrandbits(16)),
            "meterId": self.meter_id(), "hi": self.u32(), "used": self.u64(), "floorSeq": self.u32(),
            "balance": self.i64(), "cumulativeCredited": self.u64(), "receiptNo": self.u32(),
            "ackedReceiptNo": self.u32(), "meterTime": self.u32(),
        }  # fmt: skip

    def ack(self) -> dict[str, Any]:
        epoch = max(1, self.random.getrandbits(16))
        return {"keyEpoch": epoch, "meterId": self.meter_id(), "receiptNo": self.u32(), "floorSeq": self.u32()}

    def time(self) -> dict[str, Any]:
        epoch = max(1, self.random.getrandbits(16))
        return {"keyEpoch": epoch, "meterId": self.meter_id(), "timeNo": self.u32(), "time": self.u32()}

    def keys(self, fields: dict[str, Any]) -> wire.EpochKeys:
        return wire.EpochKeys(wire.meter_root_key(self.master, fields["meterId"]), fields["keyEpoch"])

    def damaged(self, frame: bytes) -> bytes:
        """Sometimes as it is, else with a bit or a byte changed, or shorter or longer."""
        how, at = self.random.random(), self.random.randrange(len(frame))
        if how < 0.4:
            return frame
        if how < 0.7:
            return frame[:at] + bytes([frame[at] ^ 1 << self.random.randrange(8)]) + frame[at + 1 :]
        if how < 0.95:
            return frame[:at] + self.random.randbytes(1) + frame[at + 1 :]
        return frame[:-1] if how < 0.975 else frame + b"\0"


def verdict(maker: Maker, frame_type: str, frame: bytes) -> dict[str, Any] | None:
    """The line of `frame decode`; None where the wire contract does not say which key to take (meter 0)."""
    try:
        fields = wire.DECODE[frame_type](frame)
    except wire.Refused as refused:
        return {"refuse": refused.name}
    if fields["meterId"] == 0:
        return None
    authentic = wire.is_authentic(frame_type, frame, maker.keys(fields))
    return {"type": frame_type, "fields": wire.fields_to_json(fields), "mac": "ok" if authentic else "bad"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000)
    options = parser.parse_args()
    maker = Maker(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "master.hex").write_text(maker.master.hex() + "\n")
    for name, types in (("mixed", ("voucher", "receipt", "status")), ("ack", ("ack",)), ("time", ("time",))):
        frames, decoded, seal, sealed = [], [], [], []
        for number in range(options.count):
            frame_type = types[number % len(types)]
            fields = getattr(maker, frame_type)()
            frame = wire.ENCODE[frame_type](fields, maker.keys(fields))
            seal.append(json.dumps({"type": frame_type, "fields": wire.fields_to_json(fields)}))
            sealed.append(frame.hex())
            shown = maker.damaged(frame)
            said = verdict(maker, frame_type, shown)
            if said is not None:
                frames.append(shown.hex())
                decoded.append(json.dumps(said))
        for suffix, lines in (("frames", frames), ("decoded", decoded), ("seal", seal), ("sealed", sealed)):
            (options.out / f"{name}.{suffix}").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
