"""The Tapwatt wire contract v1 in Python: keys, frames, openings, signed requests.

Written from the contract's text alone, so that it is a second opinion on every byte.
Integers are big-endian; money is in minor units, time in Unix seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION = 1
MAX_AMOUNT = 2**53 - 1
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

CREDIT, VOID, CLEAR_TAMPER, CLOSE, TRANSFER_IN, NEW_EPOCH = 1, 2, 3, 4, 5, 6
MONEY_KINDS = (CREDIT, TRANSFER_IN)
EPOCH_ENDING_KINDS = (CLOSE, NEW_EPOCH)

RESULTS = {
    0: "APPLIED",
    1: "ALREADY_APPLIED",
    2: "VOIDED",
    3: "ALREADY_VOIDED",
    16: "BAD_FORMAT",
    17: "WRONG_METER",
    18: "BAD_MAC",
    19: "BAD_EPOCH",
    20: "OUT_OF_WINDOW",
    21: "EXPIRED",
    22: "OVER_LIMIT",
    23: "CLOSED",
    24: "CONFLICT",
    25: "LOCKED",
}
RESULT_NUMBERS = {name: number for number, name in RESULTS.items()}

VOUCHER = struct.Struct(">BBQHIQII16sII")
RECEIPT = struct.Struct(">BBBBQHHII16sQqQIQI32s")
STATUS = struct.Struct(">BBHQIQIqQIII")
ACK = struct.Struct(">BBHQII")
TIME = struct.Struct(">BBHQII")

FRAME_LENGTH = {"voucher": 72, "receipt": 128, "status": 64, "ack": 28, "time": 28}
MAC_LENGTH = {"voucher": 16, "receipt": 16, "status": 8, "ack": 8, "time": 8}


class Refused(Exception):
    """A frame or request that must not be accepted; `name` is the result name."""

    def __init__(self, name: str, why: str):
        super().__init__(f"{name}: {why}")
        self.name = name


# --- keys -----------------------------------------------------------------------------------------


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def meter_root_key(master: bytes, meter_id: int) -> bytes:
    """Kroot: HKDF-SHA-256 (RFC 5869) of the master key, one block of output."""
    extracted = hmac_sha256(struct.pack(">Q", meter_id), master)
    return hmac_sha256(extracted, b"tapwatt/v1/meter" + b"\x01")


class EpochKeys:
    """All keys and openings of one meter's epoch."""

    def __init__(self, root: bytes, key_epoch: int):
        self.key_epoch = key_epoch
        self._epoch = hmac_sha256(root, b"epoch" + struct.pack(">H", key_epoch))
        self.voucher = hmac_sha256(self._epoch, b"voucher")
        self.receipt = hmac_sha256(self._epoch, b"receipt")
        self.status = hmac_sha256(self._epoch, b"status")
        self.ack = hmac_sha256(self._epoch, b"ack")
        self.cfg = hmac_sha256(self._epoch, b"cfg")
        self.time = hmac_sha256(self._epoch, b"time")

    def fulfil(self, voucher_id: bytes) -> bytes:
        """F: the proof that this voucher was applied."""
        return hmac_sha256(self._epoch, b"fulfil" + voucher_id)

    def void(self, voucher_id: bytes) -> bytes:
        """V: the proof that this voucher can never be applied any more."""
        return hmac_sha256(self._epoch, b"void" + voucher_id)

    def close(self, voucher_id: bytes) -> bytes:
        """C: the proof that the epoch has ended for good."""
        return hmac_sha256(self._epoch, b"close" + voucher_id)

    def of(self, frame_type: str) -> bytes:
        return getattr(self, frame_type)


def voucher_id_of(meter_id: int, key_epoch: int, seq: int, payload_hash: bytes) -> bytes:
    return sha256(b"tapwatt/v1/vid" + struct.pack(">QHI", meter_id, key_epoch, seq) + payload_hash)[:16]


# --- frames ---------------------------------------------------------------------------------------


def _sealed(frame_type: str, body: bytes, keys: EpochKeys) -> bytes:
    return body + hmac_sha256(keys.of(frame_type), body)[: MAC_LENGTH[frame_type]]


def is_authentic(frame_type: str, frame: bytes, keys: EpochKeys) -> bool:
    cut = MAC_LENGTH[frame_type]
    return hmac.compare_digest(hmac_sha256(keys.of(frame_type), frame[:-cut])[:cut], frame[-cut:])


def _body(frame_type: str, layout: struct.Struct, frame: bytes) -> tuple[Any, ...]:
    if len(frame) != FRAME_LENGTH[frame_type]:
        raise Refused("BAD_FORMAT", f"{frame_type} of {len(frame)} bytes")
    values = layout.unpack(frame[: layout.size])
    if values[0] != VERSION:
        raise Refused("BAD_FORMAT", f"version {values[0]}")
    return values


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise Refused("BAD_FORMAT", why)


def encode_voucher(f: dict[str, Any], keys: EpochKeys) -> bytes:
    body = VOUCHER.pack(
        VERSION, f["kind"], f["meterId"], f["keyEpoch"], f["seq"], f["amount"], f["issuedAt"],
        f["expiresAt"], f["voucherId"], f["floorSeq"], 0,
    )  # fmt: skip
    return _sealed("voucher", body, keys)


def decode_voucher(frame: bytes) -> dict[str, Any]:
    (_, kind, meter_id, key_epoch, seq, amount, issued_at, expires_at, voucher_id, floor_seq, reserved) = _body(
        "voucher", VOUCHER, frame
    )
    ends_epoch = kind in EPOCH_ENDING_KINDS
    _require(1 <= kind <= 6, f"kind {kind}")
    _require(reserved == 0, "reserved bytes")
    _require(key_epoch != 0, "keyEpoch 0")
    _require(not (ends_epoch and key_epoch == 65535), "no epoch follows 65535")
    _require((seq == 0) == ends_epoch, f"seq {seq} of kind {kind}")
    _require(1 <= amount <= MAX_AMOUNT if kind in MONEY_KINDS else amount == 0, f"amount {amount} of kind {kind}")
    _require(expires_at == 0 or kind in (CREDIT, CLEAR_TAMPER, TRANSFER_IN), f"expiresAt of kind {kind}")
    _require(floor_seq == 0 if ends_epoch else 1 <= floor_seq <= seq, f"floorSeq {floor_seq}")
    return {
        "kind": kind, "meterId": meter_id, "keyEpoch": key_epoch, "seq": seq, "amount": amount,
        "issuedAt": issued_at, "expiresAt": expires_at, "voucherId": voucher_id, "floorSeq": floor_seq,
    }  # fmt: skip


def encode_receipt(f: dict[str, Any], keys: EpochKeys) -> bytes:
    body = RECEIPT.pack(
        VERSION, f["result"], f["kind"], f["clockTrust"], f["meterId"], f["keyEpoch"], 0, f["receiptNo"],
        f["seq"], f["voucherId"], f["credited"], f["balance"], f["cumulativeCredited"], f["hi"], f["used"],
        f["meterTime"], f["opening"],
    )  # fmt: skip
    return _sealed("receipt", body, keys)


def decode_receipt(frame: bytes) -> dict[str, Any]:
    (_, result, kind, clock_trust, meter_id, key_epoch, reserved, receipt_no, seq, voucher_id, credited, balance,
     cumulative, hi, used, meter_time, opening) = _body("receipt", RECEIPT, frame)  # fmt: skip
    _require(result in RESULTS, f"result {result}")
    # A meter repeats the kind byte of what it was shown, so only the refusal of a bad format may carry any.
    _require(1 <= kind <= 6 or RESULTS[result] == "BAD_FORMAT", f"kind {kind}")
    _require(clock_trust <= 2, f"clockTrust {clock_trust}")
    _require(reserved == 0, "reserved bytes")
    return {
        "result": result, "kind": kind, "clockTrust": clock_trust, "meterId": meter_id, "keyEpoch": key_epoch,
        "receiptNo": receipt_no, "seq": seq, "voucherId": voucher_id, "credited": credited, "balance": balance,
        "cumulativeCredited": cumulative, "hi": hi, "used": used, "meterTime": meter_time, "opening": opening,
    }  # fmt: skip


def encode_status(f: dict[str, Any], keys: EpochKeys) -> bytes:
    body = STATUS.pack(
        VERSION, f["stateBits"], f["keyEpoch"], f["meterId"], f["hi"], f["used"], f["floorSeq"], f["balance"],
        f["cumulativeCredited"], f["receiptNo"], f["ackedReceiptNo"], f["meterTime"],
    )  # fmt: skip
    return _sealed("status", body, keys)


def decode_status(frame: bytes) -> dict[str, Any]:
    (_, bits, key_epoch, meter_id, hi, used, floor_seq, balance, cumulative, receipt_no, acked, meter_time) = _body(
        "status", STATUS, frame
    )
    _require(bits & 0x80 == 0, "reserved state bit")
    return {
        "stateBits": bits, "keyEpoch": key_epoch, "meterId": meter_id, "hi": hi, "used": used,
        "floorSeq": floor_seq, "balance": balance, "cumulativeCredited": cumulative, "receiptNo": receipt_no,
        "ackedReceiptNo": acked, "meterTime": meter_time,
    }  # fmt: skip


def encode_ack(f: dict[str, Any], keys: EpochKeys) -> bytes:
    body = ACK.pack(VERSION, 0, f["keyEpoch"], f["meterId"], f["receiptNo"], f["floorSeq"])
    return _sealed("ack", body, keys)


def decode_ack(frame: bytes) -> dict[str, Any]:
    (_, reserved, key_epoch, meter_id, receipt_no, floor_seq) = _body("ack", ACK, frame)
    _require(reserved == 0, "reserved byte")
    return {"keyEpoch": key_epoch, "meterId": meter_id, "receiptNo": receipt_no, "floorSeq": floor_seq}


def encode_time(f: dict[str, Any], keys: EpochKeys) -> bytes:
    body = TIME.pack(VERSION, 0, f["keyEpoch"], f["meterId"], f["timeNo"], f["time"])
    return _sealed("time", body, keys)


def decode_time(frame: bytes) -> dict[str, Any]:
    (_, reserved, key_epoch, meter_id, time_no, time) = _body("time", TIME, frame)
    _require(reserved == 0, "reserved byte")
    return {"keyEpoch": key_epoch, "meterId": meter_id, "timeNo": time_no, "time": time}


ENCODE = {
    "voucher": encode_voucher, "receipt": encode_receipt, "status": encode_status, "ack": encode_ack,
    "time": encode_time,
}  # fmt: skip
DECODE = {
    "voucher": decode_voucher, "receipt": decode_receipt, "status": decode_status, "ack": decode_ack,
    "time": decode_time,
}  # fmt: skip

_LONG_INTEGERS = {"meterId", "amount", "credited", "balance", "cumulativeCredited", "used"}
_BYTE_STRINGS = {"voucherId", "opening"}


def fields_to_json(fields: dict[str, Any]) -> dict[str, Any]:
    """The vectors' JSON form: 64-bit integers as decimal strings, bytes as lower-case hex."""

    def value(name: str, v: Any) -> Any:
        if name in _LONG_INTEGERS:
            return str(v)
        return v.hex() if name in _BYTE_STRINGS else v

    return {name: value(name, v) for name, v in fields.items()}


def fields_from_json(fields: dict[str, Any]) -> dict[str, Any]:
    def value(name: str, v: Any) -> Any:
        if name in _LONG_INTEGERS:
            return int(v)
        return bytes.fromhex(v) if name in _BYTE_STRINGS else v

    return {name: value(name, v) for name, v in fields.items()}


# --- desired state --------------------------------------------------------------------------------


def open_desired_state(payload: bytes, keys: EpochKeys) -> dict[str, Any] | None:
    """The JSON of an authentic desired state, else None."""
    mac, body = payload[:16], payload[16:]
    if len(mac) != 16 or not hmac.compare_digest(hmac_sha256(keys.cfg, body)[:16], mac):
        return None
    try:
        state = json.loads(body)
    except ValueError:
        return None
    return state if isinstance(state, dict) else None


# --- signed requests (JWS compact, Ed25519) ---------------------------------------------------------


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64url_strict(text: str) -> bytes:
    """Decodes base64url without padding; refuses stray bits by encoding again."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise Refused("BAD_REQUEST", "base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(data) != text:
        raise Refused("BAD_REQUEST", "stray bits in base64url")
    return data


def compact_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def sign_request(payload: dict[str, Any], kid: str, key: Ed25519PrivateKey) -> str:
    header = b64url(compact_json({"alg": "EdDSA", "kid": kid}))
    signing_input = f"{header}.{b64url(compact_json(payload))}"
    return f"{signing_input}.{b64url(key.sign(signing_input.encode()))}"


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("BAD_REQUEST", "duplicate key")
    return dict(pairs)


def open_request(jws: str, public_key: Ed25519PublicKey) -> tuple[str, dict[str, Any]]:
    """(kid, payload) of a correctly signed request; raises Refused."""
    parts = jws.split(".")
    if len(parts) != 3:
        raise Refused("BAD_REQUEST", "three parts")
    header_bytes, payload_bytes, signature = (b64url_strict(part) for part in parts)
    try:
        header = json.loads(header_bytes, object_pairs_hook=_no_duplicates)
        payload = json.loads(payload_bytes, object_pairs_hook=_no_duplicates)
    except ValueError as error:
        raise Refused("BAD_REQUEST", "JSON") from error
    if not isinstance(header, dict) or set(header) != {"alg", "kid"} or header["alg"] != "EdDSA":
        raise Refused("BAD_REQUEST", "header members")
    try:
        public_key.verify(signature, f"{parts[0]}.{parts[1]}".encode())
    except InvalidSignature as error:
        raise Refused("BAD_SIGNATURE", "signature") from error
    return header["kid"], payload


def raw_public_key(key: Ed25519PrivateKey) -> str:
    """The 32 bytes of the public key as base64url, as `tapwatt handset add --public-key` takes it."""
    return b64url(key.public_key().public_bytes_raw())


# Serial lines: SLIP (RFC 1055) around address, APDU and CRC-16/X-25.

END, ESC, ESC_END, ESC_ESC = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"
ADDRESSES = range(1, 248)
APDU_LENGTHS = range(2, 262)
BROKEN_ESCAPE = re.compile(rb"\xdb(?![\xdc\xdd])", re.DOTALL)


def crc16_x25(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x8408 if register & 1 else 0)
    return register ^ 0xFFFF


def encode_line_frame(address: int, apdu: bytes) -> bytes:
    checked = bytes([address]) + apdu
    packet = checked + crc16_x25(checked).to_bytes(2, "little")
    return END + packet.replace(ESC, ESC_ESC).replace(END, ESC_END) + END


def decode_line(stream: bytes) -> list[tuple[int, bytes]]:
    """The frames in what was heard; what comes after the last END is not ended yet."""
    frames = []
    for packet in stream.split(END)[:-1]:
        if BROKEN_ESCAPE.search(packet):
            continue
        plain = re.sub(rb"\xdb([\xdc\xdd])", lambda found: END if found[1] == b"\xdc" else ESC, packet, flags=re.DOTALL)
        checked, crc = plain[:-2], int.from_bytes(plain[-2:], "little")
        is_frame = checked[:1] and checked[0] in ADDRESSES and len(checked) - 1 in APDU_LENGTHS
        if is_frame and crc16_x25(checked) == crc:
            frames.append((checked[0], checked[1:]))
    return frames
