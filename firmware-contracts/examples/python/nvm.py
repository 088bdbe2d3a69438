"""A meter's non-volatile memory: two slots, a generation counter and a CRC-32 each; the older is always written.

The bytes inside a slot are this meter's own business; only the atomicity is of the contract.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

from meter_core import RING_SIZE, WINDOW_SIZE, Ended, Record, Window

WORD = 4
RECEIPT_LENGTH = 128

_HEAD = struct.Struct(">HQBIQIIIB")
_WINDOW = struct.Struct(f">IQQI{8 * WINDOW_SIZE}s")
_ENDED = struct.Struct(">BHB16s")
_CHARGED = struct.Struct(">Q")
_GENERATION = struct.Struct(">Q")
_CRC = struct.Struct(">I")

RECORD_LENGTH = _HEAD.size + _WINDOW.size + _ENDED.size + _WINDOW.size + RING_SIZE * RECEIPT_LENGTH


class PowerCut(Exception):
    """The power went in the middle of a write."""


def _pack_window(w: Window) -> bytes:
    return _WINDOW.pack(w.hi, w.used, w.voided, w.floor_seq, b"".join(w.tags))


def _unpack_window(data: bytes) -> Window:
    hi, used, voided, floor_seq, tags = _WINDOW.unpack(data)
    return Window(hi, used, voided, tuple(tags[i : i + 8] for i in range(0, len(tags), 8)), floor_seq)


def pack_record(r: Record) -> bytes:
    head = _HEAD.pack(
        r.key_epoch, r.limit, r.closed, r.receipt_no, r.cumulative_credited, r.acked_receipt_no, r.time_no,
        r.cfg_version, len(r.ring),
    )  # fmt: skip
    ended = r.ended or Ended(0, Window(), 0, bytes(16))
    ended_head = _ENDED.pack(r.ended is not None, ended.key_epoch, ended.kind, ended.voucher_id)
    ring = b"".join(r.ring).ljust(RING_SIZE * RECEIPT_LENGTH, b"\0")
    return head + _pack_window(r.window) + ended_head + _pack_window(ended.window) + ring


def unpack_record(data: bytes) -> Record:
    at = 0

    def take(length: int) -> bytes:
        nonlocal at
        at += length
        return data[at - length : at]

    head = _HEAD.unpack(take(_HEAD.size))
    key_epoch, limit, closed, receipt_no, cumulative, acked, time_no, cfg_version, ring_length = head
    window = _unpack_window(take(_WINDOW.size))
    has_ended, ended_epoch, ended_kind, ended_id = _ENDED.unpack(take(_ENDED.size))
    ended_window = _unpack_window(take(_WINDOW.size))
    ring = tuple(take(RECEIPT_LENGTH) for _ in range(ring_length))
    ended = Ended(ended_epoch, ended_window, ended_kind, ended_id) if has_ended else None
    return Record(
        key_epoch=key_epoch, limit=limit, closed=bool(closed), receipt_no=receipt_no, cumulative_credited=cumulative,
        window=window, ended=ended, acked_receipt_no=acked, time_no=time_no, cfg_version=cfg_version, ring=ring,
    )  # fmt: skip


class TwoSlots:
    """One fact of fixed length, replaced atomically whenever the power goes."""

    def __init__(self, memory: bytearray, offset: int, length: int):
        self._memory = memory
        self._length = length
        self._slot_length = -(-(_GENERATION.size + length + _CRC.size) // WORD) * WORD
        self._offsets = (offset, offset + self._slot_length)
        self.end = offset + 2 * self._slot_length

    def read(self) -> bytes | None:
        """The newest whole content, or None."""
        found = [slot for slot in (self._slot(o) for o in self._offsets) if slot is not None]
        return max(found)[1] if found else None

    def write(self, content: bytes, words_before_cut: int | None = None) -> None:
        """Overwrites the older slot word by word; raises PowerCut after `words_before_cut` words."""
        generations = [slot[0] if slot is not None else 0 for slot in (self._slot(o) for o in self._offsets)]
        older = generations.index(min(generations))
        body = _GENERATION.pack(max(generations) + 1) + content
        slot = (body + _CRC.pack(zlib.crc32(body))).ljust(self._slot_length, b"\0")
        for word, at in enumerate(range(0, self._slot_length, WORD)):
            if word == words_before_cut:
                raise PowerCut
            start = self._offsets[older] + at
            self._memory[start : start + WORD] = slot[at : at + WORD]

    @property
    def words(self) -> int:
        return self._slot_length // WORD

    def _slot(self, offset: int) -> tuple[int, bytes] | None:
        body_length = _GENERATION.size + self._length
        body = bytes(self._memory[offset : offset + body_length])
        crc = bytes(self._memory[offset + body_length : offset + body_length + _CRC.size])
        if body == bytes(body_length) or _CRC.pack(zlib.crc32(body)) != crc:
            return None
        return _GENERATION.unpack(body[: _GENERATION.size])[0], body[_GENERATION.size :]


class Nvm:
    """Two facts: the record and the charge register. In memory, or kept in a file."""

    def __init__(self, path: Path | None = None):
        self._path = path
        self.memory = bytearray()
        self.record_slots = TwoSlots(self.memory, 0, RECORD_LENGTH)
        self.charge_slots = TwoSlots(self.memory, self.record_slots.end, _CHARGED.size)
        self.memory.extend(bytes(self.charge_slots.end))
        if path is not None and path.exists():
            self.memory[:] = path.read_bytes().ljust(len(self.memory), b"\0")[: len(self.memory)]

    def load(self) -> tuple[Record | None, int]:
        """(record, charged); the record is None, which means LOCKED, unless both facts are whole."""
        record, charged = self.record_slots.read(), self.charge_slots.read()
        if record is None or charged is None:
            return None, 0
        return unpack_record(record), _CHARGED.unpack(charged)[0]

    def store_record(self, record: Record, words_before_cut: int | None = None) -> None:
        self.record_slots.write(pack_record(record), words_before_cut)
        self._flush()

    def store_charged(self, charged: int) -> None:
        self.charge_slots.write(_CHARGED.pack(charged))
        self._flush()

    def _flush(self) -> None:
        if self._path is None:
            return
        exists = self._path.exists()
        with open(self._path, "r+b" if exists else "wb") as file:
            file.write(self.memory)
            file.flush()
            os.fsync(file.fileno())
