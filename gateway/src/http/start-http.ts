import { chmod } from 'node:fs/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { HttpConfig, Profile } from '../config/gateway-config.ts';
import { readAdminToken } from '../data/admin-token.ts';
import { errorCodeOf } from '../data/atomic-file.ts';
import { freeSocketPath } from '../data/socket-path.ts';
import type { Logger } from '../observability/logger.ts';
import { socketGuard, tcpGuard } from './access.ts';
import { createHttpApp } from './app.ts';
import type { GatewayServices } from './services.ts';

export interface HttpOptions {
  readonly services: GatewayServices;
  readonly profile: Profile;
  readonly http: HttpConfig;
  readonly socketPath: string;
  readonly adminTokenPath: string;
  readonly log: Logger;
}

export interface RunningHttp {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens on the Unix socket (all routes, mode 0600) and on TCP (the page, reads, administration with the token).
 * Call it only while this process holds the data directory's lock. Throws PORT_IN_USE, DATA_LOCKED, CONFIG_INVALID.
 */
export async function startHttp(options: HttpOptions): Promise<RunningHttp> {
  const { services, log, http } = options;
  const overSocket = createHttpApp({ services, log, guard: socketGuard });
  const overTcp = createHttpApp({
    services,
    log,
    guard: tcpGuard({
      profile: options.profile,
      allowedHosts: [...http.allowedHosts, http.host],
      adminToken: () => readAdminToken(options.adminTokenPath),
    }),
  });
  const close = async (): Promise<void> => {
    await Promise.all([overTcp.close(), overSocket.close()]);
  };
  try {
    await freeSocketPath(options.socketPath);
    await overSocket.listen({ path: options.socketPath });
    await chmod(options.socketPath, 0o600);
    await overTcp.listen({ host: http.host, port: http.port });
    const address = overTcp.server.address();
    if (address === null || typeof address === 'string') throw new Error('The TCP listener has no port.');
    return { port: address.port, close };
  } catch (error) {
    await close();
    throw listenError(error, http);
  }
}

function listenError(error: unknown, http: HttpConfig): unknown {
  const where = `${http.host}:${http.port}`;
  switch (errorCodeOf(error)) {
    case 'EADDRINUSE':
      return new TapwattError('PORT_IN_USE', `HTTP port ${where} is in use (http.port, --port).`, {
        cause: error,
      });
    case 'EACCES':
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new TapwattError('CONFIG_INVALID', `Cannot listen on ${where} (http.host, http.port).`, {
        cause: error,
      });
    default:
      return error;
  }
}
