import { meterId as asMeterId, bytesToHex, meterRootKey, TapwattError } from '@tapwatt/firmware-contracts';
import { masterKeyOf } from '../keys/master-key.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type CommonOptions, type RunOptions, readConfig, type Session } from './session.ts';
import { stopSignal } from './stop-signal.ts';

/** `issuer`: the issuer alone, until it is told to stop. Logs go to stderr. */
export async function runIssuerProcess(session: Session, options: RunOptions): Promise<ExitCode> {
  const { config } = await readConfig(session.edges, options);
  const { startIssuer } = await import('../issuer-main.ts');
  const { logDestination } = await import('../observability/log-destination.ts');
  process.umask(0o077);
  const stopped = stopSignal(session.edges.nowMs);
  const issuer = await startIssuer(config, { logDestination: logDestination() });
  session.out.data(
    { status: 'ready', port: issuer.port, pid: process.pid },
    `Ready. Gateways reach the issuer at https://${config.issuer?.host}:${issuer.port}.`,
  );
  await stopped;
  await issuer.close();
  return EXIT.ok;
}

/** `key root`: the secret that the factory puts into one meter, from the master key that is here. */
export async function showMeterRoot(
  session: Session,
  meterId: string,
  options: CommonOptions,
): Promise<void> {
  const { config } = await readConfig(session.edges, options);
  const number = asMeterId(meterId);
  if (config.issuer?.url !== undefined) throw new TapwattError('NOT_ISSUER');
  const master = await masterKeyOf(config);
  const rootKey = bytesToHex(meterRootKey(master, number));
  session.out.data({ meterId, rootKey }, rootKey);
}
