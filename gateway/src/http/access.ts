import { isIP } from 'node:net';
import { equalConstantTime, sha256, TapwattError } from '@tapwatt/firmware-contracts';

/**
 * What a route may be used for: `open` by anybody who reaches the listener, `read` by who may see the business,
 * `administer` by who may run it.
 */
export type Access = 'open' | 'read' | 'administer';

/** How callers of one listener are told apart. */
export type Guard = (request: GuardedRequest, access: Access) => Promise<void>;

export interface GuardedRequest {
  readonly host: string | undefined;
  readonly authorization: string | undefined;
}

/** The Unix socket: whoever may open it (mode 0600) runs the gateway. */
export const socketGuard: Guard = async () => {};

export interface TcpGuardOptions {
  readonly profile: 'development' | 'production';
  /** Names that a Host header may carry besides localhost and addresses. */
  readonly allowedHosts: readonly string[];
  /** The administration token as it stands now, so that a rotated one stops at once. */
  readonly adminToken: () => Promise<string | undefined>;
}

/**
 * The TCP listener: administration needs the token, reading needs it in production. A Host that is neither an
 * address nor a name we go by is refused, or else any web page could rebind its own name to this machine and read.
 */
export function tcpGuard(options: TcpGuardOptions): Guard {
  const allowed = new Set(['localhost', ...options.allowedHosts.map((name) => name.toLowerCase())]);
  return async (request, access) => {
    const name = hostName(request.host);
    if (isIP(name) === 0 && !allowed.has(name)) {
      throw new TapwattError('FORBIDDEN', `This gateway does not go by the name "${name}".`, {
        remedy: 'Add the name to http.allowedHosts in tapwatt.yaml, or use the address.',
      });
    }
    const free = access === 'open' || (access === 'read' && options.profile === 'development');
    if (free || (await hasToken(request.authorization, options.adminToken))) return;
    throw new TapwattError('UNAUTHORIZED');
  };
}

async function hasToken(
  authorization: string | undefined,
  adminToken: () => Promise<string | undefined>,
): Promise<boolean> {
  const shown = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(authorization ?? '')?.[1];
  const token = shown === undefined ? undefined : await adminToken();
  if (shown === undefined || token === undefined) return false;
  const digest = (text: string) => sha256(new TextEncoder().encode(text));
  return equalConstantTime(digest(shown), digest(token));
}

/** `[::1]:8080` is `::1`, `Localhost:8080` is `localhost`. */
function hostName(host: string | undefined): string {
  const text = (host ?? '').toLowerCase();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1];
  return bracketed ?? text.replace(/:\d+$/, '');
}
