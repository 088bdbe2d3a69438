"""An agent's handset over MQTT: buys vouchers, redeems and cancels them, asks for balances.

    handset.py keygen --key KEY.pem                          prints the public key for `tapwatt handset add`
    handset.py issue  … --wallet W --meter M --amount MINOR [--deliver] [--until STATUS]
    handset.py redeem … --voucher HEX [--until STATUS]
    handset.py cancel … --voucher-id ID | --of REQUEST
    handset.py balance … --wallet W
    handset.py query  … --of REQUEST

where … is --config HANDSET.json (as `tapwatt handset add --json` prints it: {"id", "identity", "password"}), --key
KEY.pem, --ledger-id, --site, --host, --port and --outbox FOLDER. Every result is one JSON line on standard output. The request is stored in the outbox before it is
sent: the same --request-id sends the same bytes again. Exit 0 at the awaited status, 5 refused, 4 no answer in time.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import tapwatt_wire as wire
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

OPERATIONS = ("issue", "redeem", "cancel", "balance", "query")
AWAITED = {"issue": "issued", "redeem": "settled", "cancel": "voided", "balance": "ok", "query": ""}
ENDED = ("settled", "voided", "redeemed", "abandoned", "ok")
REPEAT_AFTER_S = 2.0
EXIT_NO_ANSWER, EXIT_REFUSED = 4, 5


def load_key(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{path}: not an Ed25519 key")
    return key


def make_key(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
    return key


def stored_request(outbox: Path, request_id: str, make: Any) -> str:
    """The request under this id, made and synced to the outbox if it is not there yet."""
    path = outbox / f"{request_id}.jws"
    if not path.exists():
        outbox.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with open(part, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    return path.read_text()


def payload_of(options: argparse.Namespace, ledger_id: str, request_id: str) -> dict[str, Any]:
    payload: dict[str, Any] = {"aud": ledger_id, "requestId": request_id, "op": options.op, "at": int(time.time())}
    if options.op == "issue":
        payload |= {"walletId": options.wallet, "meterId": options.meter, "amount": options.amount}
        payload |= {"deliver": options.deliver}
        if options.expires_at is not None:
            payload["expiresAt"] = options.expires_at
    elif options.op == "redeem":
        payload["voucher"] = options.voucher
    elif options.op == "cancel":
        payload |= {"voucherId": options.voucher_id} if options.voucher_id else {"of": options.of}
    elif options.op == "balance":
        payload["walletId"] = options.wallet
    elif options.op == "query":
        payload["of"] = options.of
    return payload


class HandsetLink:
    """One MQTT connection: sends a request, repeats it until answered, collects its results."""

    def __init__(self, config: dict[str, Any], host: str, port: int, site: str):
        self._root_topic = f"tw/v1/{site}/h/{config['id']}"
        self._results: queue.Queue[dict[str, Any]] = queue.Queue(maxsize=1000)
        self._ready: queue.Queue[bool] = queue.Queue()
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=config["identity"], protocol=mqtt.MQTTv311, clean_session=True
        )
        self._client.username_pw_set(config["identity"], config["password"])
        self._client.on_connect = lambda client, *_: client.subscribe(f"{self._root_topic}/dn/res", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.put(True)
        self._client.on_message = lambda _client, _userdata, message: self._results.put(json.loads(message.payload))
        self._client.connect(host, port)
        self._client.loop_start()

    def run(self, jws: str, request_id: str, until: str, deadline: float) -> int:
        """Prints each result of the request; returns the exit code."""
        try:
            self._ready.get(timeout=max(0.1, deadline - time.monotonic()))
        except queue.Empty:
            return EXIT_NO_ANSWER
        answered = False
        while time.monotonic() < deadline:
            if not answered:
                self._client.publish(f"{self._root_topic}/up/req", jws.encode(), qos=1)
            try:
                result = self._results.get(timeout=min(REPEAT_AFTER_S, max(0.01, deadline - time.monotonic())))
            except queue.Empty:
                continue
            if result.get("requestId") != request_id:
                continue
            answered = True
            print(json.dumps(result), flush=True)
            if result["status"] == "refused":
                return EXIT_REFUSED
            if until in ("", result["status"]) or result["status"] in ENDED:
                return 0
        return EXIT_NO_ANSWER

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A Tapwatt handset over MQTT")
    operations = parser.add_subparsers(dest="op", required=True)
    keygen = operations.add_parser("keygen")
    keygen.add_argument("--key", required=True, type=Path)
    for name in OPERATIONS:
        op = operations.add_parser(name)
        op.add_argument("--config", required=True, type=Path)
        op.add_argument("--key", required=True, type=Path)
        op.add_argument("--ledger-id", required=True)
        op.add_argument("--outbox", required=True, type=Path)
        op.add_argument("--host", default="127.0.0.1")
        op.add_argument("--port", type=int, default=1883)
        op.add_argument("--site", required=True)
        op.add_argument("--request-id", default=None)
        op.add_argument("--timeout", type=float, default=30.0, help="seconds")
        op.add_argument("--until", default=AWAITED[name], help="the status to wait for")
        if name in ("issue", "balance"):
            op.add_argument("--wallet", required=True)
        if name == "issue":
            op.add_argument("--meter", required=True)
            op.add_argument("--amount", required=True, help="minor units")
            op.add_argument("--expires-at", type=int, default=None)
            op.add_argument("--deliver", action="store_true")
        if name == "redeem":
            op.add_argument("--voucher", required=True, help="144 hex digits")
        if name == "cancel":
            which = op.add_mutually_exclusive_group(required=True)
            which.add_argument("--voucher-id")
            which.add_argument("--of")
        if name == "query":
            op.add_argument("--of", required=True)
    return parser.parse_args()


def main() -> int:
    options = parse()
    if options.op == "keygen":
        print(json.dumps({"publicKey": wire.raw_public_key(make_key(options.key))}))
        return 0
    config = json.loads(options.config.read_text())
    request_id = options.request_id or secrets.token_hex(16)
    key = load_key(options.key)
    jws = stored_request(
        options.outbox,
        request_id,
        lambda: wire.sign_request(payload_of(options, options.ledger_id, request_id), config["id"], key),
    )
    link = HandsetLink(config, options.host, options.port, options.site)
    try:
        return link.run(jws, request_id, options.until, time.monotonic() + options.timeout)
    finally:
        link.close()


if __name__ == "__main__":
    sys.exit(main())
