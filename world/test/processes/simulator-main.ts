import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import type { RequestResult } from '@tapwatt/firmware-contracts';
import {
  fileRequestStore,
  type LinkFactory,
  mqttLinks,
  openMeterFile,
  provisioningOf,
  type RequestStore,
  readFleetFile,
  type StoredRequest,
  seededRandom,
  startFleet,
  systemTime,
  tcpConnector,
} from '@tapwatt/simulator';
import { startMischief } from '../mischief.ts';
import type { SimulatorLine } from './simulator-line.ts';

/**
 * Meters and handsets in a process of their own, with what they keep in files, to be killed at any moment. What the
 * handsets hear goes to standard output before they take it, so that its reader knows no less than they do.
 *
 * Arguments: fleet file, directory of its state, seed. A message over its channel makes the handsets calm.
 */

const [fleetFile = '', state = '', seed = ''] = process.argv.slice(2);
const STDOUT = 1;
const UP_DEADLINE_MS = 60_000;
const ASK_EVERY_MS = 40;
const MAX_OUTSTANDING = 24;
const LINK_BACKOFF = { firstMs: 20, maxMs: 200 };
const RESEND = { firstMs: 250, maxMs: 2_000 };

/** A pipe takes the whole line before this returns, and keeps it when this process is killed. */
const tell = (line: SimulatorLine): void => void writeSync(STDOUT, `${JSON.stringify(line)}\n`);

const overheard =
  (links: LinkFactory): LinkFactory =>
  (identity, handlers) =>
    links(identity, {
      ...handlers,
      message(topic, payload) {
        if (topic.endsWith('/dn/res'))
          tell({ type: 'heard', result: JSON.parse(Buffer.from(payload).toString()) as RequestResult });
        handlers.message(topic, payload);
      },
    });

const tellMade = ({ requestId, op, deliver }: StoredRequest): void =>
  tell({ type: 'made', requestId, op, endsIssued: op === 'issue' && deliver === false });

const told = (store: RequestStore): RequestStore => ({
  load() {
    const stored = store.load();
    stored.forEach(tellMade);
    return stored;
  },
  put(request) {
    store.put(request);
    tellMade(request);
  },
  remove: (requestId) => store.remove(requestId),
});

const fleet = readFleetFile(fleetFile);
const random = seededRandom(Number(seed));
const connector = tcpConnector(fleet.broker);
const running = startFleet({
  ...{ fleet, random, time: systemTime },
  links: overheard(mqttLinks({ connector, random, time: systemTime, backoff: LINK_BACKOFF })),
  newRequestId: () => randomBytes(12).toString('hex'),
  memoryOf: (meter) => openMeterFile(join(state, 'meters', `${meter.meterId}.nvm`), provisioningOf(meter)),
  storeOf: (handset) => told(fileRequestStore(join(state, 'handsets', handset.id))),
  resend: RESEND,
  readEveryMs: 0,
  observeMeter(meter, seen) {
    if (seen.type === 'memory-failed') tell({ type: 'memory-failed', meterId: String(meter.meterId) });
  },
  observeHandset(handset, seen) {
    if (seen.type !== 'heard') return;
    const { requestId, status, voucherId } = seen.result;
    if (seen.heard === 'contradicted') tell({ type: 'contradicted', requestId });
    if (status === 'issued' && voucherId !== undefined) mischief.issued(handset.id, voucherId);
  },
});
const mischief = startMischief({
  ...{ fleet, running, random },
  everyMs: ASK_EVERY_MS,
  maxOutstanding: MAX_OUTSTANDING,
});
process.on('message', () => mischief.calm());
process.once('disconnect', () => process.exit());
await running.allUp(UP_DEADLINE_MS);
tell({ type: 'up' });
module.flushCompileCache();
