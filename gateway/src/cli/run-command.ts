import module from 'node:module';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type RunOptions, readConfig, type Session } from './session.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * `run`: one gateway, until SIGINT or SIGTERM, or until whoever started it with a channel is gone; a second Ctrl-C ends
 * it at once. Logs go to stderr.
 */
export async function runGateway(session: Session, options: RunOptions): Promise<ExitCode> {
  const { config } = await readConfig(session.edges, options);
  const { startGateway } = await import('../main.ts');
  const { logDestination } = await import('../observability/log-destination.ts');
  process.umask(0o077);
  const stopped = stopSignal(session.edges.nowMs);
  const gateway = await startGateway(config, { logDestination: logDestination() });
  const { mqtt, http } = gateway.ports;
  const page = `http://${urlHost(config.http.host)}:${http}/`;
  const broker = mqtt === undefined ? config.mqtt.external : `mqtt://${urlHost(config.mqtt.host)}:${mqtt}`;
  session.out.data(
    {
      status: 'ready',
      mqttPort: mqtt ?? null,
      httpPort: http,
      page,
      data: config.dataDirectory,
      pid: process.pid,
    },
    `Ready. The page is at ${page}, meters connect to ${broker}, data lies in ${config.dataDirectory}.`,
  );
  module.flushCompileCache(); // a process that is killed leaves none, and the next start is the slower one
  try {
    await Promise.race([stopped, gateway.wrong]);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  session.out.note('Stopping: what is on its way is settled first. Once more to stop at once.');
  await gateway.close();
  return EXIT.ok;
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
