"""Checks the contract's test vectors against this independent implementation.

    verify_vectors.py [VECTORS_FOLDER]

Every frame is encoded, decoded and authenticated; every session is played against the meter core, and every power cut
at every word of the non-volatile memory; every stretch of a serial line is heard. Prints each disagreement; the last line is `N passed, N failed`; exit 1 if any.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import tapwatt_wire as wire
from meter_core import Clock, Meter, Record
from nvm import Nvm, PowerCut

STATE_BIT_CLOSED = 64


class Disagreement(Exception):
    pass


def expect(what: str, ours: Any, theirs: Any) -> None:
    if ours != theirs:
        raise Disagreement(f"{what}:\n      here    {ours}\n      vectors {theirs}")


def verdict(frame_type: str, frame: bytes, root_of: Any) -> str | None:
    """The result name with which a reader refuses this frame, or None."""
    try:
        fields = wire.DECODE[frame_type](frame)
    except wire.Refused as refused:
        return refused.name
    keys = wire.EpochKeys(root_of(fields["meterId"]), fields["keyEpoch"])
    return None if wire.is_authentic(frame_type, frame, keys) else "BAD_MAC"


def check_frame(vector: dict[str, Any]) -> None:
    frame_type, frame, master = vector["type"], bytes.fromhex(vector["frame"]), bytes.fromhex(vector["master"])
    refused = verdict(frame_type, frame, lambda meter_id: wire.meter_root_key(master, meter_id))
    if "refuse" in vector:
        expect("refused with", refused, vector["refuse"])
        return
    expect("refused with", refused, None)
    fields = wire.fields_from_json(vector["fields"])
    keys = wire.EpochKeys(wire.meter_root_key(master, fields["meterId"]), fields["keyEpoch"])
    expect("encoded", wire.ENCODE[frame_type](fields, keys).hex(), vector["frame"])
    expect("decoded", wire.fields_to_json(wire.DECODE[frame_type](frame)), vector["fields"])
    if frame_type == "voucher":
        for name, opening in (("fulfil", keys.fulfil), ("void", keys.void), ("close", keys.close)):
            value = opening(fields["voucherId"])
            expect(name, value.hex(), vector[name])
            expect(f"{name}Hash", wire.sha256(value).hex(), vector[f"{name}Hash"])


class Session:
    """Plays one session; after a power cut both the old and the new record are carried on until an answer decides."""

    def __init__(self, vector: dict[str, Any]):
        self._meter_id = int(vector["meterId"])
        self._root = wire.meter_root_key(bytes.fromhex(vector["master"]), self._meter_id)
        self._charged = int(vector["charged"])
        locked = vector.get("locked", False) or vector["keyEpoch"] == 0
        record = Record(
            key_epoch=vector["keyEpoch"], limit=int(vector["limit"]),
            cumulative_credited=int(vector.get("cumulativeCredited", 0)),
        )  # fmt: skip
        self._candidates: list[Record | None] = [None if locked else record]
        self._clock = Clock(0, 0)

    def _meter(self, record: Record | None) -> Meter:
        return Meter(self._meter_id, self._root, record, self._charged if record is not None else 0)

    def _tick(self, step: dict[str, Any]) -> None:
        self._clock = Clock(step.get("at", self._clock.now), step.get("clockTrust", self._clock.trust))

    def _decide(self, answers: list[tuple[str, Record | None]], expected: str, what: str) -> None:
        kept = [record for answer, record in answers if answer == expected]
        if not kept:
            decode = wire.decode_receipt if what == "receipt" else wire.decode_status
            shown = [wire.fields_to_json(decode(bytes.fromhex(answer))) for answer, _ in answers]
            expect(what, shown, wire.fields_to_json(decode(bytes.fromhex(expected))))
            expect(what, [answer for answer, _ in answers], expected)
        self._candidates = kept

    def present(self, step: dict[str, Any], expected: str) -> None:
        self._tick(step)
        answers: list[tuple[str, Record | None]] = []
        for record in self._candidates:
            after, receipt = self._meter(record).present(bytes.fromhex(step["present"]), self._clock)
            answers.append((receipt.hex(), after))
        self._decide(answers, expected, "receipt")

    def cut(self, step: dict[str, Any]) -> None:
        self._tick(step)
        survivors: list[Record | None] = []
        for record in self._candidates:
            after, _ = self._meter(record).present(bytes.fromhex(step["cut"]), self._clock)
            survivors.append(record)
            if record is not None and after is not None and after is not record:
                check_every_cut(record, after)
                survivors.append(after)
        self._candidates = survivors

    def acknowledge(self, frame: bytes) -> None:
        self._candidates = [self._meter(r).acknowledge(frame) or r for r in self._candidates]

    def set_time(self, frame: bytes) -> None:
        taken = [(self._meter(r).set_time(frame), r) for r in self._candidates]
        self._candidates = [order[0] if order else r for order, r in taken]

    def status(self, expected: str) -> None:
        fields = wire.decode_status(bytes.fromhex(expected))
        answers: list[tuple[str, Record | None]] = []
        for record in self._candidates:
            bits = fields["stateBits"] & ~STATE_BIT_CLOSED
            answers.append((self._meter(record).status(bits, fields["meterTime"]).hex(), record))
        self._decide(answers, expected, "status")


def check_every_cut(before: Record, after: Record) -> None:
    """Writes `after` over `before` with a cut at every word: what is found must be one of them, whole."""
    nvm = Nvm()
    nvm.store_charged(0)
    nvm.store_record(before)
    nvm.store_record(before)
    image = bytes(nvm.memory)
    for words in range(nvm.record_slots.words + 1):
        nvm.memory[:] = image
        try:
            nvm.store_record(after, words_before_cut=words)
        except PowerCut:
            pass
        if nvm.load()[0] not in (before, after):
            raise Disagreement(f"a cut after {words} words leaves neither the old nor the new record")


def check_session(vector: dict[str, Any]) -> None:
    session, steps = Session(vector), vector["steps"]
    for number, step in enumerate(steps):
        try:
            if "present" in step:
                answer = step if "receipt" in step else steps[number + 1]
                session.present(step, answer["receipt"])
            elif "cut" in step:
                session.cut(step)
            elif "ack" in step:
                session.acknowledge(bytes.fromhex(step["ack"]))
            elif "setTime" in step:
                session.set_time(bytes.fromhex(step["setTime"]))
            elif "status" in step:
                session.status(step["status"])
            elif "receipt" not in step:
                raise Disagreement(f"unknown step {sorted(step)}")
        except Disagreement as error:
            raise Disagreement(f"step {number}: {error}") from None


def check_line(vector: dict[str, Any]) -> None:
    stream = bytes.fromhex(vector["stream"])
    frames = [(frame["address"], bytes.fromhex(frame["apdu"])) for frame in vector["frames"]]
    expect("heard", wire.decode_line(stream), frames)
    if vector.get("send"):
        expect("sent", wire.encode_line_frame(*frames[0]).hex(), vector["stream"])


def main() -> int:
    here = Path(__file__).resolve().parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here.parents[1] / "vectors"
    passed, failed = 0, 0
    for file, check in (("frames.json", check_frame), ("sessions.json", check_session), ("lines.json", check_line)):
        vectors = json.loads((folder / file).read_text())
        if not vectors:
            print(f"{file} is empty")
            failed += 1
        for number, vector in enumerate(vectors):
            try:
                check(vector)
                passed += 1
            except (Disagreement, KeyError, ValueError, wire.Refused) as error:
                failed += 1
                print(f"{file} [{number}] {vector.get('name', '')}: {type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
