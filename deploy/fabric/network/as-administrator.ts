import { fileURLToPath } from 'node:url';
import type { Layout } from './layout.ts';
import { type OrganisationName, organisationOf } from './organisations.ts';
import { hostPort, type NetworkPlan } from './plan.ts';
import type { Programs } from './programs.ts';
import { runProgram } from './run-program.ts';

const CONFIGURATION = fileURLToPath(new URL('..', import.meta.url));
const DEADLINE_MS = 60_000;

export interface NetworkContext {
  readonly plan: NetworkPlan;
  readonly layout: Layout;
  readonly programs: Programs;
}

/** Runs the `peer` command as an organisation's administrator, at that organisation's own peer. */
export function asAdministrator(
  name: OrganisationName,
  { plan, layout, programs }: NetworkContext,
): (args: readonly string[], alreadyDone?: RegExp) => Promise<string> {
  const peer = plan.peers.find(({ organisation }) => organisation === name);
  if (peer === undefined) throw new Error(`${name} has no peer`);
  const environment = {
    FABRIC_CFG_PATH: CONFIGURATION,
    FABRIC_LOGGING_SPEC: 'warn',
    CORE_PEER_LOCALMSPID: organisationOf(name).mspId,
    CORE_PEER_MSPCONFIGPATH: layout.adminMsp(name),
    CORE_PEER_ADDRESS: hostPort(peer.address),
    CORE_PEER_TLS_ROOTCERT_FILE: layout.peerTls(name).ca,
  };
  return (args, alreadyDone) =>
    runProgram({
      ...{ program: programs.peer, args, environment, deadlineMs: DEADLINE_MS },
      ...(alreadyDone === undefined ? {} : { alreadyDone }),
    });
}

/** The options by which the `peer` command reaches the ordering service. */
export function ordererOptions({ plan, layout }: NetworkContext): readonly string[] {
  const [orderer] = plan.orderers;
  if (orderer === undefined) throw new Error('a network has an orderer');
  return ['--orderer', hostPort(orderer.address), '--tls', '--cafile', layout.ordererTls(orderer.name).ca];
}
