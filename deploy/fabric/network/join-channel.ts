import { asAdministrator, type NetworkContext } from './as-administrator.ts';
import { NetworkError } from './network-error.ts';
import { hostPort, type OrdererPlan } from './plan.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 30_000;
const JOINED = /"status": "(active|onboarding)"|channel already exists/;

/** Lets every orderer and every peer into the channel; those that are in it already stay. */
export async function joinChannel(context: NetworkContext): Promise<void> {
  const { plan, layout } = context;
  await Promise.all(plan.orderers.map((orderer) => joinOrderer(orderer, context)));
  await Promise.all(
    plan.peers.map(({ organisation }) =>
      asAdministrator(organisation, context)(
        ['channel', 'join', '--blockpath', layout.genesisBlock()],
        /already exists/,
      ),
    ),
  );
}

/** `osnadmin` ends well even when it was refused: only what it prints tells. */
async function joinOrderer({ name, admin }: OrdererPlan, context: NetworkContext): Promise<void> {
  const { plan, layout, programs } = context;
  const tls = layout.ordererAdminTls();
  const said = await runProgram({
    program: programs.osnadmin,
    args: [
      ...['channel', 'join', `--channelID=${plan.channel}`, `--config-block=${layout.genesisBlock()}`],
      ...[`--orderer-address=${hostPort(admin)}`, `--ca-file=${tls.ca}`],
      ...[`--client-cert=${tls.certificate}`, `--client-key=${tls.key}`],
    ],
    deadlineMs: DEADLINE_MS,
  });
  if (!JOINED.test(said)) throw new NetworkError('failed', `${name} did not join ${plan.channel}:\n${said}`);
}
