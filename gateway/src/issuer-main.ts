import { TapwattError } from '@tapwatt/firmware-contracts';
import type { DestinationStream } from 'pino';
import type { GatewayConfig } from './config/gateway-config.ts';
import { systemClock } from './edges/system.ts';
import { certificateExpiresAt, connectFabricLedger } from './hosts/connect-fabric.ts';
import { readTlsTexts } from './hosts/issuer-host.ts';
import { runIssuer } from './issuer/remote/run-issuer.ts';
import { masterKeyOf, masterKeySource } from './keys/master-key.ts';
import type { Ledger } from './ledger/ledger.ts';
import { createLogger, type Logger } from './observability/logger.ts';

export interface IssuerEdges {
  /** Where log lines go, one for each seal among them. */
  readonly logDestination: DestinationStream;
  /** The issuer's own connection, where it is not the one that the configuration names. */
  readonly openLedger?: (log: Logger) => Promise<Pick<Ledger, 'evaluate' | 'close'>>;
}

export interface RunningIssuer {
  readonly port: number;
  close(): Promise<void>;
}

/** Builds and starts the issuer's own process. Throws CONFIG_INVALID, KEY_FILE, DEVELOPMENT_KEYS, PORT_IN_USE. */
export async function startIssuer(config: GatewayConfig, edges: IssuerEdges): Promise<RunningIssuer> {
  const { issuer, ledgerId } = config;
  if (issuer === undefined) throw new TapwattError('CONFIG_INVALID', 'issuer: is missing.');
  const log = createLogger({
    level: config.log.level,
    destination: edges.logDestination,
    base: { issuer: ledgerId },
  });
  const master = await masterKeyOf(config);
  const tls = await readTlsTexts(issuer);
  const ledger = await (edges.openLedger ?? ((own) => openConfigured(config, own)))(log);
  const expiresAt = config.ledger.kind === 'fabric' ? await certificateExpiresAt(config) : undefined;
  try {
    await requireLedger(ledger, ledgerId);
    const { host, port } = issuer;
    const running = await runIssuer({
      ...{ master, masterKeyFile: masterKeySource(config), ledger, ledgerId, tls, host, port, log },
      clock: systemClock,
      ledgerCertificateExpiresAt: expiresAt,
    });
    log.info({ port: running.port }, 'the issuer is ready');
    return {
      port: running.port,
      async close() {
        await running.close();
        await ledger.close();
        log.info('the issuer has stopped');
      },
    };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

function openConfigured(config: GatewayConfig, log: Logger): Promise<Pick<Ledger, 'evaluate' | 'close'>> {
  if (config.ledger.kind === 'fabric') return connectFabricLedger(config, log);
  const why = 'An embedded ledger is open in one process, the gateway’s, which is its issuer as well.';
  throw new TapwattError('CONFIG_INVALID', `${why} tapwatt issuer needs ledger.kind: fabric.`);
}

async function requireLedger(ledger: Pick<Ledger, 'evaluate'>, ledgerId: string): Promise<void> {
  const founded = await ledger.evaluate('GetLedger', {});
  if (founded?.ledgerId === ledgerId) return;
  const is = founded?.ledgerId ?? 'not founded yet';
  throw new TapwattError('CONFIG_INVALID', `ledgerId is ${ledgerId}, but this ledger is ${is}.`);
}
