import { readFile } from 'node:fs/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { GatewayConfig, IssuerConfig } from '../config/gateway-config.ts';
import type { OpenedData } from '../data/open.ts';
import type { Clock } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import { createLocalIssuer } from '../issuer/local-issuer.ts';
import { createExchange } from '../issuer/remote/exchange.ts';
import { createIssuerLine, type IssuerView } from '../issuer/remote/issuer-line.ts';
import type { IssuerCertificates } from '../issuer/remote/protocol.ts';
import { createRemoteIssuer } from '../issuer/remote/remote-issuer.ts';
import type { TlsTexts } from '../issuer/remote/serve-issuer.ts';
import { requireMasterKey } from '../issuer/require-master-key.ts';
import type { Logger } from '../observability/logger.ts';
import type { LedgerHost } from './ledger-host.ts';

/** The issuer as a gateway has it. */
export interface IssuerHost {
  readonly issuer: Issuer;
  /** Makes sure that the master key here is the ledger's. Throws KEY_FILE, `LedgerUnavailable`. */
  confirm(): Promise<void>;
  /** How its own process was when last asked; `undefined` where the master key is here. */
  view(): IssuerView | undefined;
  /** When its certificates end, as it last said; nothing where the master key is here. */
  certificates(): Partial<IssuerCertificates>;
  close(): void;
}

export interface IssuerHostParts {
  readonly data: OpenedData;
  readonly host: Pick<LedgerHost, 'ledger' | 'issuerLedger'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Asks the ledger nothing yet. Throws KEY_FILE; CONFIG_INVALID for an issuer elsewhere that could not read the ledger. */
export async function openIssuer(config: GatewayConfig, parts: IssuerHostParts): Promise<IssuerHost> {
  const { issuer } = config;
  return issuer?.url === undefined
    ? openLocal(parts)
    : openRemote(config, { ...issuer, url: issuer.url }, parts);
}

async function openLocal({ data, host }: IssuerHostParts): Promise<IssuerHost> {
  const { master } = data.keys;
  if (master === undefined) throw new TapwattError('NOT_ISSUER');
  const issuer = createLocalIssuer(master, host.issuerLedger);
  return {
    issuer,
    confirm: () => requireMasterKey(issuer, host.ledger, data.layout.keyFile('master')),
    view: () => undefined,
    certificates: () => ({}),
    close: () => undefined,
  };
}

async function openRemote(
  { ledger, ledgerId, sweep }: GatewayConfig,
  remote: IssuerConfig & { readonly url: string },
  { host, clock, log }: IssuerHostParts,
): Promise<IssuerHost> {
  if (ledger.kind === 'embedded') {
    const why = 'an embedded ledger is open in one process, which is its issuer as well.';
    throw new TapwattError('CONFIG_INVALID', `issuer.url needs ledger.kind: fabric; ${why}`);
  }
  const { url } = remote;
  const exchange = createExchange({ url, ledgerId, clock, tls: await readTlsTexts(remote) });
  const line = createIssuerLine({
    ...{ exchange, clock },
    onChange: ({ state, message }) =>
      state === 'away'
        ? log.warn({ url, why: message }, 'the issuer is away')
        : log.info({ url }, 'the issuer is reached'),
  });
  let closed = false;
  const greet = (): void => {
    if (closed) return;
    void line.greet();
    clock.after(sweep.intervalMs, greet);
  };
  greet();
  return {
    issuer: createRemoteIssuer({ line, ledger: host.ledger }),
    confirm: async () => undefined,
    view: line.view,
    certificates: () => exchange.certificates ?? {},
    close() {
      closed = true;
      exchange.close();
    },
  };
}

/** The texts of the files that the configuration names. Throws CONFIG_INVALID, KEY_FILE. */
export async function readTlsTexts({ ca, certificate, key }: IssuerConfig): Promise<TlsTexts> {
  const text = async (name: string, file: string | undefined): Promise<string> => {
    if (file === undefined) throw new TapwattError('CONFIG_INVALID', `issuer.${name}: is missing.`);
    return readFile(file, 'utf8').catch((cause: unknown) => {
      throw new TapwattError('KEY_FILE', `${file} (issuer.${name}) cannot be read.`, { cause });
    });
  };
  const [caText, cert, keyText] = await Promise.all([
    text('ca', ca),
    text('certificate', certificate),
    text('key', key),
  ]);
  return { ca: caText, cert, key: keyText };
}
