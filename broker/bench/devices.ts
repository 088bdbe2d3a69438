import { connect as connectTcp, type Socket } from 'node:net';
import { topics } from '@tapwatt/firmware-contracts';
import { connect, puback, publish, subscribe } from '../test/packets.ts';

/**
 * The other end of roundtrip.ts, in a process of its own: `node devices.ts PORT COUNT SITE` connects that many
 * meters, each of which answers every message with its PUBACK and a receipt of 128 bytes.
 */
const [port = '0', count = '0', site = ''] = process.argv.slice(2);
const RECEIPT = Buffer.alloc(128, 7);

const answer = (socket: Socket, up: string, chunk: Buffer): void => {
  let at = 0;
  const out: Buffer[] = [];
  while (at < chunk.length) {
    const length =
      ((chunk[at + 1] ?? 0) & 0x7f) + ((chunk[at + 1] ?? 0) >= 0x80 ? (chunk[at + 2] ?? 0) * 128 : 0);
    const header = (chunk[at + 1] ?? 0) >= 0x80 ? 3 : 2;
    if ((chunk[at] ?? 0) >> 4 === 3) {
      const id = chunk.readUInt16BE(at + header + 2 + chunk.readUInt16BE(at + header));
      out.push(puback(id), publish(up, RECEIPT, id));
    }
    at += header + length;
  }
  if (out.length > 0) socket.write(Buffer.concat(out));
};

const device = (id: string): Promise<void> =>
  new Promise((resolve) => {
    const meter = topics(site).meter(id);
    const socket = connectTcp({ port: Number(port), host: '127.0.0.1', noDelay: true });
    socket.write(Buffer.concat([connect({ clientId: `m-${id}` }), subscribe([meter.downFilter])]));
    socket.on('data', (chunk: Buffer) => {
      if ((chunk[0] ?? 0) >> 4 === 3) answer(socket, meter.up('rcpt'), chunk);
      if (chunk.subarray(-5, -4)[0] === 0x90) resolve();
    });
  });

for (let id = 1; id <= Number(count); id++) await device(String(id));
process.send?.('ready');
