import { type ErrorCode, TapwattError } from '@tapwatt/firmware-contracts';
import type { GatewayConfig } from '../config/gateway-config.ts';
import type { OpenedData } from '../data/open.ts';
import type { Clock } from '../edges/edges.ts';
import { createConfirmation, onceConfirmed } from '../ledger/confirmation.ts';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type LedgerWatch, watchLedger } from '../observability/ledger-watch.ts';
import type { Logger } from '../observability/logger.ts';
import { openEmbeddedHost } from './embedded-host.ts';
import { openFabricHost } from './fabric-host.ts';
import { openIssuer } from './issuer-host.ts';
import type { LedgerHost } from './ledger-host.ts';

export interface OpenedLedger {
  readonly host: LedgerHost;
  readonly issuing: Awaited<ReturnType<typeof openIssuer>>;
  /** Asked nothing before it was confirmed to be the one of this configuration. */
  readonly ledger: Ledger;
  /** Rejects when a ledger that was away at the start turns out to be another one. */
  readonly wrong: Promise<never>;
  /** Why the ledger is away now; `undefined` while it is there. */
  cause(): ErrorCode | undefined;
}

/**
 * Opens the ledger and the issuer of a configuration, and confirms that they belong to it: now, or, where the ledger is away,
 * as soon as it is there. What was opened is added to `undo`. Throws CONFIG_INVALID, KEY_FILE, DATA_DAMAGED.
 */
export async function openLedger(
  config: GatewayConfig,
  { data, clock, log }: { readonly data: OpenedData; readonly clock: Clock; readonly log: Logger },
  undo: (() => Promise<unknown>)[],
): Promise<OpenedLedger> {
  const watch = watchLedger(log);
  const host = await openHost(config, { data, watch, log });
  undo.push(() => host.close());
  const issuing = await openIssuer(config, { data, host, clock, log });
  undo.push(async () => issuing.close());
  const wrong = Promise.withResolvers<never>();
  wrong.promise.catch(() => undefined);
  const confirmation = createConfirmation(async () => {
    await host.found();
    await requireRegistered(host.ledger, config);
    await issuing.confirm();
  }, wrong.reject);
  await confirmation.confirm().catch((error: unknown) => {
    if (!(error instanceof LedgerUnavailable)) throw error;
    watch.onCondition('failed', error);
  });
  const ledger = onceConfirmed(host.ledger, confirmation);
  return { host, issuing, ledger, wrong: wrong.promise, cause: () => watch.cause };
}

const openHost = (
  config: GatewayConfig,
  parts: { readonly data: OpenedData; readonly watch: LedgerWatch; readonly log: Logger },
): Promise<LedgerHost> =>
  config.ledger.kind === 'fabric'
    ? openFabricHost(config, parts)
    : openEmbeddedHost(config, parts.data, parts.watch);

/** The ledger's id and the gateway's registration can never change behind a configuration. */
async function requireRegistered(ledger: Ledger, config: GatewayConfig): Promise<void> {
  const founded = await ledger.evaluate('GetLedger', {});
  if (founded === null) {
    throw new TapwattError(
      'CONFIG_INVALID',
      'This ledger is not founded yet: the utility founds it with tapwatt ledger found.',
    );
  }
  if (founded.ledgerId !== config.ledgerId) {
    const is = `this ledger is ${founded.ledgerId}`;
    throw new TapwattError('CONFIG_INVALID', `ledgerId is ${config.ledgerId}, but ${is}.`);
  }
  const party = await ledger.evaluate('GetParty', { id: config.gatewayId });
  if (party?.role === 'gateway') return;
  throw new TapwattError('CONFIG_INVALID', `gatewayId ${config.gatewayId} is not registered as a gateway.`);
}
