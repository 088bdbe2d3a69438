import { createPrivateKey } from 'node:crypto';
import type { PartyRecord, TransactionName, WalletSummary } from '@tapwatt/chaincode';
import { bytesToHex, rawPublicKey, sha256, TapwattError } from '@tapwatt/firmware-contracts';
import { dataLayout, ROLE_KEY_NAMES, type RoleKeyName } from '../data/layout.ts';
import type { GatewayIdentity, MeterProvisioning } from '../http/services.ts';
import { loadSigningKey } from '../keys/gateway-keys.ts';
import {
  type Fleet,
  type FleetHandset,
  type FleetMeter,
  newHandsetKey,
  readFleet,
  writeFleet,
} from './fleet.ts';
import { createGatewayClient, type GatewayClient } from './gateway-client.ts';
import { inParallel } from './in-parallel.ts';
import type { HandsetAccess } from './order-commands.ts';
import { type OrderContent, orderJws } from './send-order.ts';

/** Orders on their way at a time: enough for the ledger to commit them in full groups. */
const PARALLEL = 64;
const AGENT = 'agent-1';
const WALLET = 'wallet-1';
const DEFAULT_DEPOSIT = '100000000';
const DEFAULT_BALANCE_LIMIT = '1000000000';

export interface ProvisionOptions {
  /** Of a gateway that runs with the development profile on this machine. */
  readonly dataDirectory: string;
  /** Where the meters and handsets will find the broker. */
  readonly broker: { readonly host: string; readonly port: number };
  /** Meters 1 to this. */
  readonly meters: number;
  readonly handsets: number;
  readonly fleetFile: string;
  /** Minor units; deposited again whenever the wallet holds less than half of it. */
  readonly deposit?: string;
  /** Credit that a meter takes at most, minor units. */
  readonly balanceLimit?: string;
  readonly onProgress?: (step: string, done: number, of: number) => void;
}

/**
 * Registers an agent with a funded wallet, meters and handsets at a running gateway, and writes the fleet file. Running
 * it again adds what is missing and changes nothing else. Throws what the gateway refuses, GATEWAY_UNREACHABLE,
 * KEY_FILE, and FORBIDDEN for a gateway that is not of the development profile.
 */
export async function provisionFleet(options: ProvisionOptions): Promise<Fleet> {
  const layout = dataLayout(options.dataDirectory);
  const client = createGatewayClient({ socketPath: layout.socket });
  const { gateway } = await client.get<{ gateway: GatewayIdentity }>('/api/v1/status');
  if (gateway.profile !== 'development') {
    throw new TapwattError('FORBIDDEN', 'Made-up meters and money belong to the development profile only.');
  }
  const signers = new Map(
    await Promise.all(
      ROLE_KEY_NAMES.map(
        async (role) => [role, await loadSigningKey(layout.keyFile(role), 'development')] as const,
      ),
    ),
  );
  const order = async <N extends TransactionName>(role: RoleKeyName, name: N, content: OrderContent<N>) => {
    const privateKey = signers.get(role);
    if (privateKey === undefined) throw new TapwattError('KEY_FILE', `There is no key of ${role}.`);
    const jws = orderJws({
      ledgerId: gateway.ledgerId,
      requestId: requestIdOf(name, content),
      name,
      content,
      signer: { partyId: role, privateKey },
    });
    await client.post('/api/v1/orders', { jws });
  };
  const work: Work = { client, order, options };
  await registerBusiness(work);
  const before = await readFleet(options.fleetFile);
  const meters = await registerMeters(work);
  const rest = { site: gateway.site, ledgerId: gateway.ledgerId, broker: options.broker, meters };
  const handsets = await keptHandsets(work, before?.handsets ?? []);
  // The keys are on disk before the ledger learns of them, or a crash in between would lose them.
  await writeFleet(options.fleetFile, { ...rest, handsets });
  const fleet = { ...rest, handsets: await registerHandsets(work, handsets) };
  await writeFleet(options.fleetFile, fleet);
  return fleet;
}

interface Work {
  readonly client: GatewayClient;
  readonly options: ProvisionOptions;
  order<N extends TransactionName>(role: RoleKeyName, name: N, content: OrderContent<N>): Promise<void>;
}

/** The same order always has the same id, so that it is committed once however often it is sent. */
function requestIdOf(name: string, request: object): string {
  const digest = sha256(new TextEncoder().encode(JSON.stringify(request)));
  return `dev-${name}-${bytesToHex(digest.subarray(0, 8))}`;
}

async function registerBusiness({ client, order, options }: Work): Promise<void> {
  if (!(await isThere(client, '/api/v1/parties/agency'))) {
    throw new TapwattError('PARTY_UNKNOWN', 'The ledger was founded without an agency.');
  }
  if (!(await isThere(client, `/api/v1/parties/${AGENT}`))) {
    await order('agency', 'RegisterAgent', { id: AGENT, agencyId: 'agency' });
  }
  if (!(await isThere(client, `/api/v1/wallets/${WALLET}`))) {
    await order('agency', 'OpenWallet', { walletId: WALLET, agentId: AGENT });
  }
  await fund({ client, order, options });
}

async function fund({ client, order, options }: Work): Promise<void> {
  const amount = options.deposit ?? DEFAULT_DEPOSIT;
  const wallet = await client.get<WalletSummary>(`/api/v1/wallets/${WALLET}`);
  if (BigInt(wallet.balance) * 2n >= BigInt(amount)) return;
  const depositId = await freeDeposit(client);
  await order('agency', 'ProposeDeposit', { depositId, walletId: WALLET, amount });
  await order('bank', 'ConfirmDeposit', { depositId, utr: `UTR-${depositId}` });
}

/** The first deposit id that was not confirmed yet. */
async function freeDeposit(client: GatewayClient): Promise<string> {
  for (let n = 1; ; n += 1) {
    const depositId = `dev-deposit-${n}`;
    const deposit = await orMissing(client.get<{ status: string }>(`/api/v1/deposits/${depositId}`));
    if (deposit?.status !== 'CONFIRMED') return depositId;
  }
}

async function registerMeters({ client, order, options }: Work): Promise<readonly FleetMeter[]> {
  const ids = Array.from({ length: options.meters }, (_, index) => String(index + 1));
  const { onProgress, balanceLimit = DEFAULT_BALANCE_LIMIT } = options;
  let done = 0;
  return inParallel(ids, PARALLEL, async (meterId) => {
    const path = `/api/v1/meters/${meterId}/provisioning`;
    let secrets = await orMissing(client.get<MeterProvisioning>(path));
    if (secrets === undefined) {
      await order('discom', 'RegisterMeter', { meterId });
      secrets = await client.get<MeterProvisioning>(path);
    }
    done += 1;
    onProgress?.('meters', done, ids.length);
    const { keyEpoch, rootKey, identity, password } = secrets;
    return { meterId, keyEpoch, rootKey, identity, password, balanceLimit };
  });
}

/** The handsets of the file that the ledger knows by the same key (or not yet), and new ones up to the number asked for. */
async function keptHandsets(
  { client, options }: Work,
  before: readonly FleetHandset[],
): Promise<readonly FleetHandset[]> {
  const handsets: FleetHandset[] = [];
  for (let n = 1; handsets.length < options.handsets; n += 1) {
    const id = `handset-${n}`;
    const kept = before.find((handset) => handset.id === id);
    const party = await orMissing(client.get<PartyRecord>(`/api/v1/parties/${id}`));
    const privateKey = kept?.privateKey ?? newHandsetKey();
    const isOurs = party === undefined || party.publicKey === rawPublicKey(createPrivateKey(privateKey));
    if (isOurs) handsets.push({ id, walletId: WALLET, privateKey, identity: '', password: '' });
  }
  return handsets;
}

async function registerHandsets(
  { client, order, options }: Work,
  handsets: readonly FleetHandset[],
): Promise<readonly FleetHandset[]> {
  let done = 0;
  return inParallel(handsets, PARALLEL, async (handset) => {
    if (!(await isThere(client, `/api/v1/parties/${handset.id}`))) {
      const publicKey = rawPublicKey(createPrivateKey(handset.privateKey));
      await order('agency', 'RegisterHandset', { id: handset.id, agentId: AGENT, publicKey });
    }
    const { identity, password } = await client.get<HandsetAccess>(`/api/v1/handsets/${handset.id}`);
    done += 1;
    options.onProgress?.('handsets', done, handsets.length);
    return { ...handset, identity, password };
  });
}

async function isThere(client: GatewayClient, path: string): Promise<boolean> {
  return (await orMissing(client.get(path))) !== undefined;
}

async function orMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const missing = ['METER_UNKNOWN', 'PARTY_UNKNOWN', 'WALLET_UNKNOWN', 'DEPOSIT_UNKNOWN'];
    if (error instanceof TapwattError && missing.includes(error.code)) return undefined;
    throw error;
  }
}
