"""What a meter decides: (record, voucher, clock) -> (record, receipt), following "What the meter does with a voucher"."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import tapwatt_wire as wire

WINDOW_SIZE = 64
RING_SIZE = 8
MAX_CACHED_EPOCHS = 8
MASK64 = 2**64 - 1
NO_OPENING = bytes(32)
NO_VOUCHER_ID = bytes(16)

RELAY_CLOSED, LOW_CREDIT, EMERGENCY, TAMPER, CLOCK_UNTRUSTED, QUARANTINED, CLOSED = 1, 2, 4, 8, 16, 32, 64


@dataclass(frozen=True)
class Window:
    """Which seqs of one epoch were taken: bit i of `used` says that seq hi - i was."""

    hi: int = 0
    used: int = 0
    voided: int = 0
    tags: tuple[bytes, ...] = (bytes(8),) * WINDOW_SIZE
    floor_seq: int = 1

    def is_set(self, seq: int) -> bool:
        return seq <= self.hi < seq + WINDOW_SIZE and bool(self.used >> (self.hi - seq) & 1)

    def is_voided(self, seq: int) -> bool:
        return bool(self.voided >> (self.hi - seq) & 1)

    def tag(self, seq: int) -> bytes:
        return self.tags[seq % WINDOW_SIZE]

    def take(self, seq: int, voucher_id: bytes, voided: bool, floor_seq: int) -> Window:
        hi = max(self.hi, seq)
        shift = hi - self.hi
        bit = 1 << (hi - seq)
        used = (self.used << shift & MASK64) | bit
        voids = (self.voided << shift & MASK64) | (bit if voided else 0)
        tags = list(self.tags)
        tags[seq % WINDOW_SIZE] = voucher_id[:8]
        return Window(hi, used, voids, tuple(tags), floor_seq)


@dataclass(frozen=True)
class Ended:
    """The epoch before the own one, kept read-only, with the order that ended it."""

    key_epoch: int
    window: Window
    kind: int
    voucher_id: bytes


@dataclass(frozen=True)
class Record:
    """Everything that one atomic commit writes."""

    key_epoch: int
    limit: int
    closed: bool = False
    receipt_no: int = 0
    cumulative_credited: int = 0
    window: Window = field(default_factory=Window)
    ended: Ended | None = None
    acked_receipt_no: int = 0
    time_no: int = 0
    cfg_version: int = 0
    ring: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Clock:
    now: int
    trust: int


class Meter:
    """A meter's identity and its present record; `record` None means LOCKED."""

    def __init__(self, meter_id: int, root: bytes, record: Record | None, charged: int):
        self.meter_id = meter_id
        self.record = record
        self.charged = charged
        self._root = root
        self._keys: dict[int, wire.EpochKeys] = {}

    def keys(self, key_epoch: int) -> wire.EpochKeys:
        if key_epoch not in self._keys:
            if len(self._keys) >= MAX_CACHED_EPOCHS:
                self._keys.clear()
            self._keys[key_epoch] = wire.EpochKeys(self._root, key_epoch)
        return self._keys[key_epoch]

    # --- vouchers ---

    def present(self, frame: bytes, clock: Clock) -> tuple[Record | None, bytes]:
        """The record after this voucher (the same object where nothing is committed) and the receipt."""
        if len(frame) != wire.FRAME_LENGTH["voucher"]:
            return self.record, self._receipt("BAD_FORMAT", _UNREADABLE, clock)
        try:
            v = wire.decode_voucher(frame)
        except wire.Refused:
            return self.record, self._receipt("BAD_FORMAT", _as_shown(frame), clock)
        if self.record is None:
            return None, self._receipt("LOCKED", v, clock)
        if v["meterId"] != self.meter_id:
            return self.record, self._receipt("WRONG_METER", v, clock)
        if not wire.is_authentic("voucher", frame, self.keys(v["keyEpoch"])):
            return self.record, self._receipt("BAD_MAC", v, clock)
        known = self._already_decided(self.record, v)
        if known is not None:
            return self.record, self._receipt(known[0], v, clock, known[1])
        refusal = self._refusal(self.record, v, clock)
        if refusal is not None:
            return self.record, self._receipt(refusal, v, clock)
        return self._commit(self.record, v, clock)

    def _already_decided(self, record: Record, v: dict[str, Any]) -> tuple[str, bytes] | None:
        """Steps 2 to 4: what an earlier commit has decided about this voucher, with its opening."""
        keys, vid, ended = self.keys(v["keyEpoch"]), v["voucherId"], record.ended
        of_ended = ended is not None and v["keyEpoch"] == ended.key_epoch
        of_own = v["keyEpoch"] == record.key_epoch
        if ended is not None and of_ended and v["kind"] in wire.EPOCH_ENDING_KINDS:
            same = v["kind"] == ended.kind and vid == ended.voucher_id
            return ("ALREADY_APPLIED", keys.close(vid)) if same else ("CONFLICT", NO_OPENING)
        window = record.window if of_own else ended.window if ended is not None and of_ended else None
        if window is None:
            return None
        if window.is_set(v["seq"]):
            if window.tag(v["seq"]) != vid[:8]:
                return "CONFLICT", keys.void(vid) if v["kind"] == wire.VOID else NO_OPENING
            if window.is_voided(v["seq"]):
                return "ALREADY_VOIDED", keys.void(vid)
            return "ALREADY_APPLIED", keys.fulfil(vid)
        if v["kind"] == wire.VOID and v["seq"] + WINDOW_SIZE > window.hi:
            if of_ended or v["seq"] < record.window.floor_seq:
                return "VOIDED", keys.void(vid)
        return None

    def _refusal(self, record: Record, v: dict[str, Any], clock: Clock) -> str | None:
        """Steps 5 to 7."""
        if record.closed:
            return "CLOSED"
        if v["keyEpoch"] != record.key_epoch:
            return "BAD_EPOCH"
        if v["kind"] in wire.EPOCH_ENDING_KINDS:
            return None
        window, seq = record.window, v["seq"]
        floor = max(window.floor_seq, v["floorSeq"])
        if seq + WINDOW_SIZE <= window.hi or seq < floor or seq >= max(window.hi + 1, floor) + WINDOW_SIZE:
            return "OUT_OF_WINDOW"
        if v["kind"] in wire.MONEY_KINDS:
            if clock.trust >= 1 and v["expiresAt"] != 0 and clock.now > v["expiresAt"]:
                return "EXPIRED"
            credited = record.cumulative_credited + v["amount"]
            if credited - self.charged > record.limit or credited > MASK64:
                return "OVER_LIMIT"
        return None

    def _commit(self, record: Record, v: dict[str, Any], clock: Clock) -> tuple[Record, bytes]:
        """Steps 8 and 9: one new record with its receipt in the ring; nothing counts before it is stored."""
        keys, vid = self.keys(v["keyEpoch"]), v["voucherId"]
        after = replace(record, receipt_no=record.receipt_no + 1)
        if v["kind"] in wire.EPOCH_ENDING_KINDS:
            after = replace(
                after,
                ended=Ended(record.key_epoch, record.window, v["kind"], vid),
                key_epoch=record.key_epoch + 1,
                window=Window(),
                closed=v["kind"] == wire.CLOSE,
            )
            result, opening = "APPLIED", keys.close(vid)
        else:
            voided = v["kind"] == wire.VOID
            floor = max(record.window.floor_seq, v["floorSeq"])
            after = replace(
                after,
                window=record.window.take(v["seq"], vid, voided, floor),
                cumulative_credited=record.cumulative_credited + v["amount"],
            )
            result, opening = ("VOIDED", keys.void(vid)) if voided else ("APPLIED", keys.fulfil(vid))
        receipt = self._receipt(result, v, clock, opening, after)
        return replace(after, ring=(*record.ring, receipt)[-RING_SIZE:]), receipt

    def _receipt(
        self, result: str, v: dict[str, Any], clock: Clock, opening: bytes = NO_OPENING, record: Record | None = None
    ) -> bytes:
        record = record if record is not None else self.record
        applied = result in ("APPLIED", "ALREADY_APPLIED") and v["kind"] in wire.MONEY_KINDS
        key_epoch, window = 0, Window()
        if record is not None:
            key_epoch, window = record.key_epoch, record.window
            if record.ended is not None and v["keyEpoch"] == record.ended.key_epoch:
                key_epoch, window = record.ended.key_epoch, record.ended.window
        fields = {
            "result": wire.RESULT_NUMBERS[result],
            "kind": v["kind"],
            "clockTrust": clock.trust,
            "meterId": self.meter_id,
            "keyEpoch": key_epoch,
            "receiptNo": record.receipt_no if record else 0,
            "seq": v["seq"],
            "voucherId": v["voucherId"],
            "credited": v["amount"] if applied else 0,
            "balance": record.cumulative_credited - self.charged if record else 0,
            "cumulativeCredited": record.cumulative_credited if record else 0,
            "hi": window.hi,
            "used": window.used,
            "meterTime": clock.now,
            "opening": opening,
        }
        return wire.encode_receipt(fields, self.keys(key_epoch))

    # --- everything else a meter takes or says ---

    def acknowledge(self, frame: bytes) -> Record | None:
        """The record after this acknowledgement, or None when it is to be ignored."""
        record = self.record
        if record is None:
            return None
        try:
            a = wire.decode_ack(frame)
        except wire.Refused:
            return None
        if a["meterId"] != self.meter_id or a["keyEpoch"] != record.key_epoch:
            return None
        if not wire.is_authentic("ack", frame, self.keys(record.key_epoch)):
            return None
        return replace(
            record,
            acked_receipt_no=max(record.acked_receipt_no, min(a["receiptNo"], record.receipt_no)),
            window=replace(record.window, floor_seq=max(record.window.floor_seq, a["floorSeq"])),
        )

    def set_time(self, frame: bytes) -> tuple[Record, int] | None:
        """The record and the new time, or None when the order is to be ignored."""
        record = self.record
        if record is None:
            return None
        try:
            t = wire.decode_time(frame)
        except wire.Refused:
            return None
        if t["meterId"] != self.meter_id or t["keyEpoch"] != record.key_epoch or t["timeNo"] <= record.time_no:
            return None
        if not wire.is_authentic("time", frame, self.keys(record.key_epoch)):
            return None
        return replace(record, time_no=t["timeNo"]), t["time"]

    def configure(self, payload: bytes) -> tuple[Record, dict[str, Any]] | None:
        """The record and the desired state, or None when it is to be ignored."""
        record = self.record
        if record is None:
            return None
        state = wire.open_desired_state(payload, self.keys(record.key_epoch))
        if state is None or state.get("meterId") != str(self.meter_id):
            return None
        version = state.get("version")
        if not isinstance(version, int) or not record.cfg_version < version < 2**32:
            return None
        limit = int(state.get("limits", {}).get("balance", record.limit))
        return replace(record, cfg_version=version, limit=limit), state

    def status(self, state_bits: int, meter_time: int) -> bytes:
        record = self.record
        if record is None:
            zero = dict.fromkeys(("stateBits", "keyEpoch", "hi", "used", "floorSeq", "balance"), 0)
            zero |= dict.fromkeys(("cumulativeCredited", "receiptNo", "ackedReceiptNo", "meterTime"), 0)
            return wire.encode_status({**zero, "meterId": self.meter_id}, self.keys(0))
        fields = {
            "stateBits": state_bits | (CLOSED if record.closed else 0),
            "keyEpoch": record.key_epoch,
            "meterId": self.meter_id,
            "hi": record.window.hi,
            "used": record.window.used,
            "floorSeq": record.window.floor_seq,
            "balance": record.cumulative_credited - self.charged,
            "cumulativeCredited": record.cumulative_credited,
            "receiptNo": record.receipt_no,
            "ackedReceiptNo": record.acked_receipt_no,
            "meterTime": meter_time,
        }
        return wire.encode_status(fields, self.keys(record.key_epoch))

    def unacknowledged(self) -> list[bytes]:
        if self.record is None:
            return []
        acked = self.record.acked_receipt_no
        return [r for r in self.record.ring if wire.decode_receipt(r)["receiptNo"] > acked]


_UNREADABLE = {"kind": 0, "keyEpoch": 0, "seq": 0, "voucherId": NO_VOUCHER_ID, "amount": 0}


def _as_shown(frame: bytes) -> dict[str, Any]:
    """Kind, epoch, seq and id as the bytes of a malformed voucher show them, to be named in the refusal."""
    (_, kind, _, key_epoch, seq, _, _, _, voucher_id, _, _) = wire.VOUCHER.unpack(frame[: wire.VOUCHER.size])
    return {"kind": kind, "keyEpoch": key_epoch, "seq": seq, "voucherId": voucher_id, "amount": 0}
