import { createHash } from 'node:crypto';
import { createBroker, systemTime } from '@tapwatt/broker';
import { bytesToHex, hexToBytes, parseTopic, topics } from '@tapwatt/firmware-contracts';

/**
 * The baseline of the redemption benchmark: the same broker carries the very same messages, and the handlers do
 * nothing: no ledger, no signature, no MAC. `node null-gateway.ts SITE` prints its port as JSON on stdout.
 */

const site = process.argv[2] ?? 'bench';
const names = topics(site);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const VOUCHER_ID_AT = 32;
const RECEIPT_VOUCHER_ID_AT = 24;
/** As long as a real one; nobody looks into it. */
const TX_ID = createHash('sha256').update('no ledger').digest('hex').slice(0, 32);
const NO_ACKNOWLEDGEMENT = new Uint8Array(28);

const broker = await createBroker({ site, time: systemTime, authenticate: async () => true });
const leg = broker.leg();
const requests = new Map<string, { handsetId: string; requestId: string }>();

const send = (topic: string, payload: Uint8Array) => void leg.publish(topic, payload).catch(() => undefined);
const answer = (handsetId: string, result: object) =>
  send(names.handset(handsetId).result, encoder.encode(JSON.stringify(result)));

function request(handsetId: string, payload: Uint8Array): void {
  const [, body = ''] = decoder.decode(payload).split('.');
  const { requestId, voucher } = JSON.parse(Buffer.from(body, 'base64url').toString()) as {
    requestId: string;
    voucher: string;
  };
  const frame = hexToBytes(voucher);
  const voucherId = bytesToHex(frame.subarray(VOUCHER_ID_AT, VOUCHER_ID_AT + 16));
  const meterId = new DataView(frame.buffer, frame.byteOffset).getBigUint64(2);
  requests.set(voucherId, { handsetId, requestId });
  send(names.meter(String(meterId)).down('vch'), frame);
  answer(handsetId, { requestId, status: 'accepted', voucherId, at: 1_800_000_000 });
}

function receipt(meterId: string, frame: Uint8Array): void {
  const voucherId = bytesToHex(frame.subarray(RECEIPT_VOUCHER_ID_AT, RECEIPT_VOUCHER_ID_AT + 16));
  const asked = requests.get(voucherId);
  if (asked === undefined) return;
  requests.delete(voucherId);
  const { handsetId, requestId } = asked;
  const about = { requestId, voucherId, at: 1_800_000_000 };
  answer(handsetId, { ...about, status: 'on-meter', receipt: bytesToHex(frame) });
  answer(handsetId, { ...about, status: 'settled', txId: TX_ID });
  send(names.meter(meterId).down('ack'), NO_ACKNOWLEDGEMENT);
}

leg.onMessage((topic, payload) => {
  const parsed = parseTopic(site, topic);
  if (parsed?.channel === 'up/req') request(parsed.id, payload);
  if (parsed?.channel === 'up/rcpt') receipt(parsed.id, payload);
});

const { port } = await broker.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.on('SIGTERM', () => void broker.close().then(() => process.exit(0)));
