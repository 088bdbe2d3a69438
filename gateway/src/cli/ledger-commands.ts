import { TapwattError } from '@tapwatt/firmware-contracts';
import { type DataLayout, dataLayout } from '../data/layout.ts';
import { isAnswered } from '../data/socket-path.ts';
import type { StatsReport } from '../http/services.ts';
import { exists, loadSigningKey } from '../keys/gateway-keys.ts';
import type { InvariantReport } from '../ledger/check-invariants.ts';
import type { EmbeddedLedger, VerifyProgress } from '../ledger/embedded/index.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { createGatewayClient } from './gateway-client.ts';
import { paced } from './paced.ts';
import { type CommonOptions, readConfig, type Session } from './session.ts';
import { pairs } from './text.ts';

/** `ledger verify`: recomputes the chain and the state of a ledger that no gateway has open. */
export async function verifyLedger(session: Session, options: CommonOptions): Promise<ExitCode> {
  const place = await placeOf(session, options);
  if (place.running) {
    throw new TapwattError(
      'DATA_LOCKED',
      `A gateway runs on ${place.layout.directory}: stop it first, then verify.`,
    );
  }
  const { verifyLedgerDirectory } = await import('../ledger/embedded/index.ts');
  const key = await loadSigningKey(place.layout.keyFile('ledger'), place.profile);
  const result = await verifyLedgerDirectory({
    directory: place.layout.ledger,
    key,
    onProgress: progressOf(session),
  });
  const { ok, blocks, checkedBlocks, headHash, finding } = result;
  session.out.progress(`${checkedBlocks} of ${blocks} blocks`, true);
  const where =
    finding === undefined
      ? []
      : Object.entries(finding).map(([name, value]) => [name, String(value)] as const);
  session.out.data(
    result,
    pairs([
      ['ledger', result.ledgerId],
      ['verdict', ok ? 'whole: chain, signatures and state agree' : 'damaged'],
      ['blocks', `${checkedBlocks} good of ${blocks}`],
      ['head', headHash],
      ...where,
    ]),
  );
  return ok ? EXIT.ok : EXIT.refused;
}

export async function ledgerStats(session: Session, options: CommonOptions): Promise<void> {
  const place = await placeOf(session, options);
  const stats = place.running
    ? await createGatewayClient({ socketPath: place.layout.socket }).get<StatsReport>('/api/v1/stats')
    : { ledger: await withLedger(place, session, (ledger) => ledger.stats()) };
  session.out.data(
    stats,
    Object.entries(stats)
      .map(([part, figures]) => `${part}\n${figuresText(figures)}`)
      .join('\n'),
  );
}

export async function ledgerInvariants(session: Session, options: CommonOptions): Promise<ExitCode> {
  const place = await placeOf(session, options);
  const report = place.running
    ? await createGatewayClient({ socketPath: place.layout.socket }).get<InvariantReport>(
        '/api/v1/invariants',
      )
    : await withLedger(place, session, (ledger) => checkAtRest(session, ledger));
  const checked = Object.entries(report.checked).map(([what, count]) => `${count} ${what}`);
  session.out.data(
    report,
    [
      report.ok ? `I1 to I3 hold (${checked.join(', ')}).` : `BROKEN (${checked.join(', ')}):`,
      ...report.breaches.map((breach) => `${breach.invariant}  ${breach.message}`),
    ].join('\n'),
  );
  return report.ok ? EXIT.ok : EXIT.refused;
}

async function checkAtRest(session: Session, ledger: EmbeddedLedger): Promise<InvariantReport> {
  const { checkInvariants } = await import('../ledger/check-invariants.ts');
  const onProgress = paced(session, (checked: number) => session.out.progress(`${checked} records`));
  return ledger.atOneMoment((still) =>
    checkInvariants(still, { signal: new AbortController().signal, onProgress }),
  );
}

interface Place {
  readonly layout: DataLayout;
  readonly profile: 'development' | 'production';
  readonly running: boolean;
}

async function placeOf(session: Session, options: CommonOptions): Promise<Place> {
  const { config } = await readConfig(session.edges, options);
  const layout = dataLayout(config.dataDirectory);
  if (!(await exists(layout.directory))) {
    throw new TapwattError('CONFIG_INVALID', `There is no data directory ${layout.directory}.`, {
      remedy: 'Name the right one: data in tapwatt.yaml, or --data.',
    });
  }
  return { layout, profile: config.profile, running: await isAnswered(layout.socket) };
}

async function withLedger<T>(
  place: Place,
  session: Session,
  use: (ledger: EmbeddedLedger) => Promise<T>,
): Promise<T> {
  const { openEmbeddedLedger } = await import('../ledger/embedded/index.ts');
  const ledger = await openEmbeddedLedger({
    directory: place.layout.ledger,
    signingKey: await loadSigningKey(place.layout.keyFile('ledger'), place.profile),
    clock: { now: session.edges.nowMs },
    random: { bytes: session.edges.random },
  });
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

function progressOf(session: Session): (progress: VerifyProgress) => void {
  return paced(session, ({ phase, block, ofBlocks }: VerifyProgress) =>
    session.out.progress(`${phase}: block ${block} of ${ofBlocks}`),
  );
}

function figuresText(figures: object): string {
  const rows = Object.entries(figures).map(([name, value]) => [`  ${name}`, figureText(value)] as const);
  return pairs(rows);
}

function figureText(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${figureText(inner)}`)
    .join(', ');
}
