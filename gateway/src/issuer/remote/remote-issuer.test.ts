import { createServer } from 'node:tls';
import type { IssueItem } from '@tapwatt/chaincode';
import {
  bytesToHex,
  hexToBytes,
  meterId,
  meterRootKey,
  provisionMeter,
  statusOf,
} from '@tapwatt/firmware-contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VoucherLoad } from '../../../bench/voucher-load.ts';
import { systemClock, systemRandom } from '../../edges/system.ts';
import { LedgerUnavailable } from '../../ledger/errors.ts';
import { MemoryLedger } from '../../ledger/testing/memory-ledger.ts';
import { createLocalIssuer } from '../local-issuer.ts';
import { createExchange } from './exchange.ts';
import { createIssuerLine, REST_MS } from './issuer-line.ts';
import { createRemoteIssuer } from './remote-issuer.ts';
import { runIssuer } from './run-issuer.ts';
import type { TlsTexts } from './serve-issuer.ts';
import { certificateAuthority } from './testing/certificates.ts';

const MASTER = new Uint8Array(32).fill(7);
const LEDGER_ID = 'bench';
const authority = certificateAuthority();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

let load: VoucherLoad;
let memory: MemoryLedger;
let proposals: IssueItem[];
let isLedgerAway = false;
const gatewayLedger = () => memory.as({ partyId: 'gateway', role: 'gateway' });
const ledger = {
  evaluate: ((name, request) => {
    if (isLedgerAway) return Promise.reject(new LedgerUnavailable('away'));
    return gatewayLedger().evaluate(name, request);
  }) as ReturnType<typeof gatewayLedger>['evaluate'],
};

beforeEach(async () => {
  isLedgerAway = false;
  load = new VoucherLoad();
  memory = new MemoryLedger(systemRandom);
  await memory.found(load.genesis());
  await load.prepare(memory, 2);
  proposals = load.proposals(2);
  await gatewayLedger().submit('IssueVouchers', { items: proposals });
});

const LEDGER_CERTIFICATE_ENDS = 2_000_000_000;
type Allowance = { readonly perSecond: number; readonly atOnce: number };

async function issuerProcess(options: { port?: number; allowance?: Allowance } = {}) {
  const lines: string[] = [];
  const note = (fields: object, message?: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = { info: note, warn: note, error: note } as never;
  const { port = 0, ...more } = options;
  const process = await runIssuer({
    ...{ master: MASTER, masterKeyFile: 'master.key', ledger, ledgerId: LEDGER_ID, ...more },
    ledgerCertificateExpiresAt: LEDGER_CERTIFICATE_ENDS,
    ...{ tls: authority.issue('issuer'), host: '127.0.0.1', port, clock: systemClock, log },
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await process.close();
    isOpen = false;
  };
  undo.push(close);
  return { port: process.port, lines, close };
}

function gatewayOf(port: number, options: { tls?: TlsTexts; deadlineMs?: number; ledgerId?: string } = {}) {
  const { tls = authority.issue('gateway'), ledgerId = LEDGER_ID, deadlineMs = 5_000 } = options;
  const url = `https://127.0.0.1:${port}`;
  const exchange = createExchange({ url, tls, ledgerId, clock: systemClock, deadlineMs });
  undo.push(exchange.close);
  const line = createIssuerLine({ exchange, clock: systemClock });
  return { exchange, line, issuer: createRemoteIssuer({ line, ledger }) };
}

const first = () => proposals[0]?.voucherId ?? '';
const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MS + 20));

describe('an issuer in another process', () => {
  it('says with its answers when its certificates end', async () => {
    const { exchange, line } = gatewayOf((await issuerProcess()).port);
    expect(exchange.certificates).toBeUndefined();
    await line.greet();
    const tlsExpiresAt = Math.floor(Date.UTC(2049, 11, 31, 23, 59, 59) / 1000);
    expect(exchange.certificates).toEqual({ tlsExpiresAt, ledgerExpiresAt: LEDGER_CERTIFICATE_ENDS });
  });

  it('answers as the one in the gateway’s own', async () => {
    const { issuer } = gatewayOf((await issuerProcess()).port);
    const local = createLocalIssuer(MASTER, ledger);
    const about = { meterId: '1', keyEpoch: 1, payloadHash: new Uint8Array(32).fill(3) };
    const voucher = await local.sealVoucher(first());
    const [brought] = load.receipts(proposals);
    const receipt = hexToBytes(brought?.receipt ?? '');
    const root = meterRootKey(MASTER, meterId('1'));
    const provisioned = { meterId: meterId('1'), root, keyEpoch: 1, balanceLimit: 10n ** 9n };
    const status = statusOf(provisionMeter(provisioned), { stateBits: 1, meterTime: 1_800_000_000 });
    expect(await issuer.commitments({ ...about, seq: 5 })).toEqual(
      await local.commitments({ ...about, seq: 5 }),
    );
    expect(await issuer.orderCommitments(about)).toEqual(await local.orderCommitments(about));
    expect(await issuer.sealVoucher(first())).toEqual(voucher);
    expect(await issuer.readVoucher(voucher)).toEqual(await local.readVoucher(voucher));
    expect(await issuer.readReceipt(receipt)).toEqual(await local.readReceipt(receipt));
    expect((await issuer.readReceipt(receipt)).proof).toBe('fulfil');
    expect(await issuer.readStatus(status)).toEqual(await local.readStatus(status));
    const ack = { meterId: '1', keyEpoch: 1, receiptNo: 4, floorSeq: 1 };
    expect(await issuer.acknowledge(ack)).toEqual(await local.acknowledge(ack));
    const nowS = Math.floor(Date.now() / 1000);
    const time = { meterId: '1', keyEpoch: 1, timeNo: nowS, time: nowS };
    expect(await issuer.timeOrder(time)).toEqual(await local.timeOrder(time));
  });

  it('seals nothing that is not committed, acknowledges nothing unresolved, sets no clock wrong, shows no root', async () => {
    const { issuer } = gatewayOf((await issuerProcess()).port);
    const refused = async (answer: Promise<unknown>, code: string) =>
      expect(answer).rejects.toMatchObject({ code });
    await refused(issuer.sealVoucher('ab'.repeat(16)), 'VOUCHER_UNKNOWN');
    await refused(issuer.sealVoid(first()), 'VOUCHER_STATE');
    await refused(issuer.sealOrder('1'), 'ORDER_UNKNOWN');
    await refused(
      issuer.acknowledge({ meterId: '1', keyEpoch: 1, receiptNo: 1, floorSeq: 9 }),
      'METER_STATE',
    );
    await refused(issuer.timeOrder({ meterId: '1', keyEpoch: 1, timeNo: 2 ** 32 - 1, time: 1 }), 'FORBIDDEN');
    await refused(issuer.meterRoot('1'), 'NOT_ISSUER');
    const forged = (await issuer.sealVoucher(first())).slice();
    forged[71] = (forged[71] ?? 0) ^ 1;
    await refused(issuer.readVoucher(forged), 'BAD_MAC');
  });

  it('proves nothing by a receipt whose MAC or opening is wrong', async () => {
    const { issuer } = gatewayOf((await issuerProcess()).port);
    const [brought] = load.receipts(proposals);
    const receipt = hexToBytes(brought?.receipt ?? '');
    receipt[100] = (receipt[100] ?? 0) ^ 1;
    await expect(issuer.readReceipt(receipt)).rejects.toMatchObject({ code: 'BAD_MAC' });
  });

  it('logs every seal, with neither bytes nor keys', async () => {
    const { port, lines } = await issuerProcess();
    const { issuer } = gatewayOf(port);
    const frame = bytesToHex(await issuer.sealVoucher(first()));
    await expect(issuer.sealVoid(first())).rejects.toThrow();
    expect(lines[0]).toContain('sealed: seal-voucher');
    expect(lines[0]).toContain(first());
    expect(lines[0]).toContain('"gatewayId":"gateway"');
    expect(lines[1]).toContain('refused: seal-void');
    expect(lines.join('\n')).not.toContain(frame.slice(112));
  });
});

describe('who may ask', () => {
  const asks = async (tls: TlsTexts, ledgerId?: string) => {
    const { port } = await issuerProcess();
    const { issuer, line } = gatewayOf(port, { tls, ...(ledgerId === undefined ? {} : { ledgerId }) });
    const error = await issuer.sealVoucher(first()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect(line.view().state).toBe('away');
    return String(error);
  };

  it('is nobody without a certificate', async () => {
    await asks({ ca: authority.ca } as TlsTexts);
  });
  it('is nobody whose certificate another authority signed', async () => {
    await asks({ ...certificateAuthority('Another').issue('gateway'), ca: authority.ca });
  });
  it('is no party that is not a gateway', async () => {
    expect(await asks(authority.issue('agency'))).toContain('FORBIDDEN');
  });
  it('is nobody whom the ledger does not know', async () => {
    expect(await asks(authority.issue('gateway-9'))).toContain('PARTY_UNKNOWN');
  });
  it('is no suspended gateway', async () => {
    const order = { id: 'gateway', suspended: true, reason: 'stolen' };
    await memory.as({ partyId: 'discom', role: 'discom' }).submit('Suspend', order);
    expect(await asks(authority.issue('gateway'))).toContain('SUSPENDED');
  });
  it('is no gateway of another ledger', async () => {
    expect(await asks(authority.issue('gateway'), 'elsewhere')).toContain('WRONG_AUDIENCE');
  });
  it('is no gateway that asks too much', async () => {
    const { port } = await issuerProcess({ allowance: { perSecond: 0.001, atOnce: 1 } });
    const { issuer } = gatewayOf(port);
    await issuer.sealVoucher(first());
    await expect(issuer.sealVoid(first())).rejects.toMatchObject({ code: 'BUSY' });
  });

  it('asks nobody who is not the issuer', async () => {
    const { port } = await issuerProcess();
    const tls = { ...authority.issue('gateway'), ca: certificateAuthority('Another').ca };
    await expect(gatewayOf(port, { tls }).issuer.sealVoucher(first())).rejects.toMatchObject({
      code: 'ISSUER_UNAVAILABLE',
    });
  });
});

describe('while the issuer is away', () => {
  it('what was sealed or presented goes on, receipts are read, and only what is new has to wait', async () => {
    const process = await issuerProcess();
    const { issuer, line } = gatewayOf(process.port);
    const frame = await issuer.sealVoucher(first());
    const [one, two] = load.receipts(proposals).map(({ receipt }) => hexToBytes(receipt));
    await issuer.readReceipt(one ?? new Uint8Array());
    await process.close();
    expect(await issuer.sealVoucher(first())).toEqual(frame);
    expect((await issuer.readReceipt(one ?? new Uint8Array())).proof).toBe('fulfil');
    const other = await createLocalIssuer(MASTER, ledger).sealVoucher(proposals[1]?.voucherId ?? '');
    const { voucherId } = proposals[1] ?? {};
    expect(await issuer.readVoucher(other)).toMatchObject({ voucherId, isUnchecked: true });
    expect((await issuer.readVoucher(frame)).isUnchecked).toBeUndefined();
    const unavailable = { code: 'ISSUER_UNAVAILABLE' };
    await expect(issuer.sealVoucher(proposals[1]?.voucherId ?? '')).rejects.toMatchObject(unavailable);
    await expect(issuer.readReceipt(two ?? new Uint8Array())).rejects.toMatchObject(unavailable);
    expect(line.view().state).toBe('away');
    await issuerProcess({ port: process.port });
    await rest();
    expect(await issuer.sealVoucher(proposals[1]?.voucherId ?? '')).toEqual(other);
    expect(line.view().state).toBe('reached');
  });

  it('one that is slow is given up at the deadline, and not asked again at once', async () => {
    let asked = 0;
    const silent = createServer({ ...authority.issue('issuer') }, (socket) => {
      socket
        .on('error', () => undefined)
        .on('data', () => {
          asked += 1;
        });
    });
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port));
    });
    undo.push(() => silent.close());
    const { issuer } = gatewayOf(port, { deadlineMs: 100 });
    const slow = issuer.sealVoucher(first());
    await expect(slow).rejects.toMatchObject({ message: expect.stringContaining('within 100 ms') });
    const before = asked;
    await expect(issuer.sealVoid(first())).rejects.toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect({ before, after: asked }).toEqual({ before: 1, after: 1 });
  });

  it('and the ledger too, an opening proves nothing yet', async () => {
    const process = await issuerProcess();
    const { issuer } = gatewayOf(process.port);
    const [brought] = load.receipts(proposals);
    const receipt = hexToBytes(brought?.receipt ?? '');
    isLedgerAway = true;
    // The gateway was never seen before, so nobody can say that it is one.
    await expect(issuer.readReceipt(receipt)).rejects.toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    isLedgerAway = false;
    await rest();
    const { keyEpoch } = (await issuer.readReceipt(receipt)).fields;
    expect(keyEpoch).toBe(1);
  });
});
