import { readFile } from 'node:fs/promises';
import { asAdministrator, type NetworkContext, ordererOptions } from './as-administrator.ts';
import { ENDORSEMENT_POLICY, type OrganisationName } from './organisations.ts';
import { hostPort } from './plan.ts';

const VERSION = '1';
const SEQUENCE = '1';
const INSTALLED = /already successfully installed/;
const APPROVED = /with unchanged content|redefine the current committed sequence/;
const COMMITTED = /requested sequence is 1, but new definition must be sequence/;

/** Installs each organisation's package on its own peer. */
export async function installChaincode(context: NetworkContext): Promise<void> {
  await Promise.all(
    context.plan.peers.map(({ organisation }) =>
      asAdministrator(organisation, context)(
        ['lifecycle', 'chaincode', 'install', context.layout.package(organisation)],
        INSTALLED,
      ),
    ),
  );
}

/**
 * Has every organisation approve the chaincode under a name of its own on the channel, with its own package, and
 * commits that. Under another name the same processes serve another, empty ledger.
 */
export async function defineChaincode(name: string, context: NetworkContext): Promise<void> {
  const { plan, layout } = context;
  const definition = [
    ...['--channelID', plan.channel, '--name', name, '--version', VERSION, '--sequence', SEQUENCE],
    ...['--signature-policy', ENDORSEMENT_POLICY],
    ...ordererOptions(context),
  ];
  await Promise.all(
    plan.peers.map(async ({ organisation }) => {
      const packageId = await readFile(layout.packageId(organisation), 'utf8');
      const approve = ['lifecycle', 'chaincode', 'approveformyorg', ...definition, '--package-id', packageId];
      await asAdministrator(organisation, context)(approve, APPROVED);
    }),
  );
  const peers = plan.peers.flatMap(({ organisation, address }) => [
    ...['--peerAddresses', hostPort(address), '--tlsRootCertFiles', layout.peerTls(organisation).ca],
  ]);
  const commit = ['lifecycle', 'chaincode', 'commit', ...definition, ...peers];
  await asAdministrator('discom', context)(commit, COMMITTED);
}

/**
 * Asks an organisation's chaincode, through its own peer, for its ledger, which need not be founded yet. Throws when it
 * does not answer. (Fabric's own question, for the contract's metadata, fails in fabric-shim 2.5.8.)
 */
export async function queryChaincode(organisation: OrganisationName, context: NetworkContext): Promise<void> {
  const { channel, chaincode } = context.plan;
  const call = JSON.stringify({ Args: ['GetLedger', '{}'] });
  await asAdministrator(
    organisation,
    context,
  )([...['chaincode', 'query', '--channelID', channel, '--name', chaincode, '--ctor', call]]);
}
