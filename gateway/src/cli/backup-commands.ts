import { resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { createBackupFile } from '../backup/create-backup.ts';
import { type RestoreProgress, restoreBackup } from '../backup/restore-backup.ts';
import { backupBytes } from '../backup/write-backup.ts';
import { type DataLayout, dataLayout } from '../data/layout.ts';
import { isAnswered } from '../data/socket-path.ts';
import { loadSigningKey } from '../keys/gateway-keys.ts';
import { openEmbeddedLedger } from '../ledger/embedded/index.ts';
import type { ResumeOptions } from './copy-commands.ts';
import { streamFromGateway } from './gateway-stream.ts';
import { openOrderSession } from './order-session.ts';
import { paced } from './paced.ts';
import { orderData } from './send-order.ts';
import { type CommonOptions, readConfig, type Session } from './session.ts';
import { time } from './text.ts';

/** `backup create`: from the running gateway, or from its directory when it is stopped. */
export async function createBackup(session: Session, file: string, options: CommonOptions): Promise<void> {
  const { layout, profile } = await placeOf(session, options);
  const path = resolve(session.edges.cwd, file);
  const bytes = (await isAnswered(layout.socket))
    ? streamFromGateway(layout.socket, '/api/v1/backup')
    : bytesAtRest(session, layout, profile);
  const say = paced(session, (count: number) => session.out.progress(`${megabytes(count)} written`));
  const manifest = await createBackupFile(path, bytes, say);
  const { ledgerId, head, contentBytes } = manifest;
  session.out.progress(`${megabytes(contentBytes)} written and read back`, true);
  session.out.data(
    { file: path, ...manifest },
    `Ledger ${ledgerId} up to block ${head.number} is in ${path}.`,
  );
  session.out.note('The keys are not in it: tapwatt key backup FILE.');
}

async function* bytesAtRest(
  session: Session,
  layout: DataLayout,
  profile: 'development' | 'production',
): AsyncIterable<Uint8Array> {
  const ledgerKey = await loadSigningKey(layout.keyFile('ledger'), profile);
  const { nowMs, random } = session.edges;
  const ledger = await openEmbeddedLedger({
    directory: layout.ledger,
    signingKey: ledgerKey,
    clock: { now: nowMs },
    random: { bytes: random },
  });
  try {
    yield* backupBytes(ledger.dump(), { ledgerKey, createdAt: Math.floor(nowMs() / 1000) });
  } finally {
    await ledger.close();
  }
}

/** `backup restore`: the gateway must be stopped; the keys must be there. */
export async function restoreFromBackup(
  session: Session,
  file: string,
  options: CommonOptions & { readonly full?: boolean },
): Promise<void> {
  const { layout, profile, gatewayId } = await placeOf(session, options);
  if (await isAnswered(layout.socket)) {
    throw new TapwattError('DATA_LOCKED', `A gateway runs on ${layout.directory}: stop it first.`);
  }
  const { edges, out } = session;
  const restored = await restoreBackup({
    file: resolve(edges.cwd, file),
    layout,
    ledgerKey: await loadSigningKey(layout.keyFile('ledger'), profile),
    gatewayId,
    clock: edges,
    random: edges.random,
    full: options.full === true,
    onProgress: paced(session, ({ phase, done, of }: RestoreProgress) =>
      out.progress(`${phase}: ${done} of ${of}`),
    ),
  });
  const { manifest, kept, keptHead } = restored;
  const { ledgerId, head, createdAt } = manifest;
  out.progress(`${manifest.rows} rows`, true);
  out.data(
    { ...restored, directory: layout.ledger },
    `Ledger ${ledgerId} is restored to block ${head.number} of ${time(createdAt)} UTC, and in quarantine.`,
  );
  if (kept !== undefined) {
    const newer = (keptHead ?? 0) - head.number;
    const forgotten = newer > 0 ? ` It knows ${newer} blocks that the backup does not.` : '';
    out.note(`The ledger that was there is kept as ${kept}.${forgotten} Never run it again.`);
  }
  out.note('A meter is issued for again once it was reached and moved to a new key epoch: tapwatt status.');
}

/** `ledger resume`: the utility’s order that ends a halt. */
export async function resumeLedger(session: Session, options: ResumeOptions): Promise<void> {
  const orders = await openOrderSession(session, options);
  const quarantine = options.withoutQuarantine !== true;
  const done = await orders.order('ResumeIssuing', { reason: options.reason, quarantine });
  session.out.data(
    { quarantine, ...orderData(done) },
    quarantine
      ? 'The ledger issues again, to each meter once it was read and moved to a new key epoch.'
      : 'The ledger issues again.',
  );
}

async function placeOf(session: Session, options: CommonOptions) {
  const { config } = await readConfig(session.edges, options);
  const { profile, gatewayId } = config;
  return { layout: dataLayout(config.dataDirectory), profile, gatewayId };
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
