import { createAllowance } from '../../allowance.ts';
import type { Clock } from '../../edges/edges.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Logger } from '../../observability/logger.ts';
import { createLocalIssuer } from '../local-issuer.ts';
import { requireMasterKey } from '../require-master-key.ts';
import { createAnswerer } from './answer-questions.ts';
import { createGatewayRegister } from './registered-gateways.ts';
import { serveIssuer, type TlsTexts } from './serve-issuer.ts';

/** Questions a second of one gateway; a redemption takes one or two, an issue two. */
const ALLOWANCE = { perSecond: 2_000, atOnce: 10_000 } as const;
const MAX_GATEWAYS = 1_000;

export interface IssuerParts {
  readonly master: Uint8Array;
  /** Named where the key turns out to be another one. */
  readonly masterKeyFile: string;
  /** The issuer's own connection. */
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly ledgerId: string;
  readonly tls: TlsTexts;
  /** When the certificate that it reads the ledger with ends, Unix s. */
  readonly ledgerCertificateExpiresAt?: number | undefined;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly allowance?: typeof ALLOWANCE | { readonly perSecond: number; readonly atOnce: number };
}

/** The issuer as a process of its own, between a ledger and the gateways that ask it. Throws KEY_FILE, and what the socket throws. */
export async function runIssuer(parts: IssuerParts) {
  const { ledger, ledgerId, clock, log, host, port, tls } = parts;
  const issuer = createLocalIssuer(parts.master, ledger);
  await requireMasterKey(issuer, ledger, parts.masterKeyFile);
  return serveIssuer({
    ...{ tls, host, port, ledgerId, log },
    ledgerCertificateExpiresAt: parts.ledgerCertificateExpiresAt,
    register: createGatewayRegister({ ledger, clock }),
    allowed: createAllowance({ ...(parts.allowance ?? ALLOWANCE), maxNames: MAX_GATEWAYS }, clock),
    answer: createAnswerer({ issuer, ledger, clock, log }),
  });
}
