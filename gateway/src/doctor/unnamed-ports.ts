import { realpath } from 'node:fs/promises';

/** The ports that no line of the configuration means, also by another name such as /dev/serial/by-id/…. */
export async function unnamed<Port extends { readonly path: string }>(
  ports: readonly Port[],
  lines: readonly { readonly device: string }[],
): Promise<readonly Port[]> {
  const named = new Set(await Promise.all(lines.map(({ device }) => realPath(device))));
  const real = await Promise.all(ports.map(async (port) => ({ port, path: await realPath(port.path) })));
  return real.filter(({ path }) => !named.has(path)).map(({ port }) => port);
}

/** Of what is away, the name itself. */
const realPath = (path: string): Promise<string> => realpath(path).catch(() => path);
