import { examine } from '../doctor/examine.ts';
import { systemClock, systemRandom } from '../edges/system.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type CommonOptions, readConfig, type Session } from './session.ts';

const MARK = { ok: 'ok', note: '--', trouble: '!!' } as const;

/** `doctor`: what this machine has for the configured gateway, and what to do about what it has not. */
export async function runDoctor(session: Session, options: CommonOptions): Promise<ExitCode> {
  const { config } = await readConfig(session.edges, options);
  const findings = await examine({
    ...{ config, environment: session.edges.env, clock: systemClock, random: systemRandom },
    signal: new AbortController().signal,
  });
  const isWell = findings.every(({ state }) => state !== 'trouble');
  const lines = findings.flatMap(({ what, state, says, remedy }) => [
    `${MARK[state]}  ${what}: ${says}`,
    ...(remedy === undefined ? [] : [`      → ${remedy}`]),
  ]);
  session.out.data({ ok: isWell, findings }, lines.join('\n'));
  return isWell ? EXIT.ok : EXIT.failed;
}
