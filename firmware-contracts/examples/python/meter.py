"""A meter that speaks MQTT: takes vouchers, answers receipts, takes acknowledgements and the time.

    meter.py --factory FACTORY.json --nvm METER.nvm --host 127.0.0.1 --port 1883 --site SITE

FACTORY.json is what a factory puts in, as `tapwatt meter add --json` prints it: {"meterId", "keyEpoch", "rootKey",
"identity", "password"}. A first start (no NVM file) provisions the meter. One JSON line a happening goes to standard
output.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import tapwatt_wire as wire
from meter_core import CLOCK_UNTRUSTED, QUARANTINED, RELAY_CLOSED, Clock, Meter, Record
from nvm import Nvm

KEEP_ALIVE_S = 30


def say(what: str, **details: Any) -> None:
    print(json.dumps({"what": what, **details}), flush=True)


class MqttMeter:
    """The thin shell: one lock, one decision at a time, stored before it is said."""

    def __init__(self, factory: dict[str, Any], nvm: Nvm, site: str):
        self.meter_id = int(factory["meterId"])
        self._nvm = nvm
        self._lock = threading.Lock()
        self._root_topic = f"tw/v1/{site}/m/{self.meter_id}"
        self._clock_offset_s = 0
        self._clock_trust = 0
        self._quarantined = False
        record, charged = nvm.load()
        self._meter = Meter(self.meter_id, bytes.fromhex(factory["rootKey"]), record, charged)
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=factory["identity"], protocol=mqtt.MQTTv311, clean_session=True
        )
        self.client.username_pw_set(factory["identity"], factory["password"])
        self.client.on_connect = self._connected
        self.client.on_message = self._message
        self.client.on_subscribe = self._subscribed

    def _now(self) -> Clock:
        return Clock(int(time.time()) + self._clock_offset_s, self._clock_trust)

    def _publish(self, channel: str, payload: bytes) -> None:
        self.client.publish(f"{self._root_topic}/up/{channel}", payload, qos=1)

    def _publish_status(self) -> None:
        record = self._meter.record
        balance = record.cumulative_credited - self._meter.charged if record else 0
        bits = RELAY_CLOSED if balance > 0 and record is not None and not record.closed else 0
        bits |= CLOCK_UNTRUSTED if self._clock_trust == 0 else 0
        bits |= QUARANTINED if self._quarantined else 0
        self._publish("status", self._meter.status(bits, self._now().now))

    def _connected(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        say("connected" if not reason.is_failure else "refused", reason=str(reason))
        if not reason.is_failure:
            client.subscribe([(f"{self._root_topic}/dn/{channel}", 1) for channel in ("vch", "ack", "time", "cfg")])

    def _subscribed(self, _client: mqtt.Client, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        say("subscribed", granted=[str(reason) for reason in reasons])
        with self._lock:
            self._publish_status()
            for receipt in self._meter.unacknowledged():
                self._publish("rcpt", receipt)

    def _message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        take = {"vch": self._voucher, "ack": self._acknowledgement, "time": self._time, "cfg": self._desired_state}
        channel = message.topic.removeprefix(f"{self._root_topic}/dn/")
        with self._lock:
            if channel in take:
                take[channel](bytes(message.payload))

    def _store(self, record: Record) -> None:
        self._nvm.store_record(record)
        self._meter.record = record

    def _voucher(self, frame: bytes) -> None:
        record, receipt = self._meter.present(frame, self._now())
        committed = record is not None and record is not self._meter.record
        if committed and record is not None:
            self._store(record)
        self._publish("rcpt", receipt)
        fields = wire.decode_receipt(receipt)
        say("voucher", committed=committed, name=wire.RESULTS[fields["result"]], **wire.fields_to_json(fields))
        if committed:
            self._publish_status()

    def _acknowledgement(self, frame: bytes) -> None:
        record = self._meter.acknowledge(frame)
        if record is None:
            say("ack-ignored")
            return
        self._store(record)
        say("ack", receiptNo=record.acked_receipt_no, floorSeq=record.window.floor_seq)
        if wire.decode_ack(frame)["receiptNo"] < record.receipt_no:
            for receipt in self._meter.unacknowledged():
                self._publish("rcpt", receipt)

    def _time(self, frame: bytes) -> None:
        taken = self._meter.set_time(frame)
        if taken is None:
            say("time-ignored")
            return
        self._store(taken[0])
        self._clock_offset_s = taken[1] - int(time.time())
        self._clock_trust = 2
        say("time", time=taken[1])
        self._publish_status()

    def _desired_state(self, payload: bytes) -> None:
        taken = self._meter.configure(payload)
        if taken is None:
            say("cfg-ignored")
            return
        self._store(taken[0])
        self._quarantined = bool(taken[1].get("quarantined", self._quarantined))
        say("cfg", version=taken[0].cfg_version)
        self._publish_status()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Tapwatt meter over MQTT")
    parser.add_argument("--factory", required=True, type=Path)
    parser.add_argument("--nvm", required=True, type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--site", required=True)
    parser.add_argument("--limit", type=int, default=10_000_000, help="highest balance, minor units")
    options = parser.parse_args()

    factory = json.loads(options.factory.read_text())
    first_start = not options.nvm.exists()
    nvm = Nvm(options.nvm)
    if first_start:
        nvm.store_charged(0)
        nvm.store_record(Record(key_epoch=int(factory["keyEpoch"]), limit=options.limit))
    meter = MqttMeter(factory, nvm, options.site)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    meter.client.connect(options.host, options.port, KEEP_ALIVE_S)
    meter.client.loop_forever(retry_first_connection=True)


if __name__ == "__main__":
    main()
