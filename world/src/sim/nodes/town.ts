import { createHmac, type KeyObject } from 'node:crypto';
import type { Submitter } from '@tapwatt/chaincode';
import { bytesToBase64Url, meterId, meterRootKey, rawPublicKey } from '@tapwatt/firmware-contracts';
import type { Ledger } from '@tapwatt/gateway';
import type { Provisioning } from '@tapwatt/simulator';
import { seededKey } from '../kernel/seeded-key.ts';
import type { World } from '../world.ts';
import { BALANCE_LIMIT, gatewayId, LEDGER_ID } from './settings.ts';

export interface TownHandset {
  readonly id: string;
  readonly agentId: string;
  readonly walletId: string;
  readonly privateKey: KeyObject;
  readonly password: string;
}

export interface TownMeter {
  readonly meterId: string;
  readonly provisioning: Provisioning;
  readonly password: string;
}

/** Who lives in a world, with every key that anybody has. */
export interface Town {
  readonly master: Uint8Array;
  readonly mqttKey: Uint8Array;
  readonly ledgerKey: KeyObject;
  readonly roleKeys: Readonly<Record<'discom' | 'bank' | 'agency' | 'other' | 'gateway', KeyObject>>;
  readonly meters: readonly TownMeter[];
  readonly handsets: readonly TownHandset[];
}

const FIRST_DEPOSIT = 5_000_000;
const AGENTS = 2;
/** Few, so that it is reached. */
const OPEN_LIMIT = 6;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

export const townOf = (world: World): Town => {
  const chance = world.chance('keys');
  const [master, mqttKey] = [chance.bytes(32), chance.bytes(32)];
  const key = () => seededKey(chance);
  const roleKeys = { discom: key(), bank: key(), agency: key(), other: key(), gateway: key() };
  const passwordOf = (identity: string): string =>
    bytesToBase64Url(createHmac('sha256', mqttKey).update('tapwatt/v1/mqtt').update(identity).digest());
  return {
    ...{ master, mqttKey, roleKeys, ledgerKey: key() },
    meters: numbers(world.plan.meters).map((number) => {
      const id = meterId(String(number));
      const root = meterRootKey(master, id);
      return {
        meterId: String(number),
        provisioning: { meterId: id, root, keyEpoch: 1, balanceLimit: BALANCE_LIMIT },
        password: passwordOf(`m-${number}`),
      };
    }),
    handsets: numbers(world.plan.handsets).map((number) => {
      const agent = (number % AGENTS) + 1;
      const id = `handset-${number}`;
      return {
        ...{ id, agentId: `agent-${agent}`, walletId: `wallet-${agent}` },
        ...{ privateKey: key(), password: passwordOf(`h-${id}`) },
      };
    }),
  };
};

/** Block 0 of this town's ledger. */
export const genesisOf = (town: Town, gateways: number) => ({
  ledgerId: LEDGER_ID,
  parties: [
    { id: 'discom', role: 'discom' as const, publicKey: rawPublicKey(town.roleKeys.discom) },
    { id: 'bank', role: 'bank' as const, publicKey: rawPublicKey(town.roleKeys.bank) },
    { id: 'agency', role: 'agency' as const, publicKey: rawPublicKey(town.roleKeys.agency) },
    // Nobody here works for it.
    { id: 'other-agency', role: 'agency' as const, publicKey: rawPublicKey(town.roleKeys.other) },
    ...numbers(gateways).map((number) => ({
      id: gatewayId(number),
      role: 'gateway' as const,
      publicKey: rawPublicKey(town.roleKeys.gateway),
    })),
  ],
});

/** Registers everybody and funds the agents' wallets. */
export const settleTown = async (town: Town, as: (party: Submitter) => Ledger): Promise<void> => {
  const [discom, bank, agency] = [
    as({ partyId: 'discom', role: 'discom' }),
    as({ partyId: 'bank', role: 'bank' }),
    as({ partyId: 'agency', role: 'agency' }),
  ];
  for (const agent of numbers(AGENTS)) {
    const [id, walletId, depositId] = [`agent-${agent}`, `wallet-${agent}`, `deposit-${agent}`];
    await agency.submit('RegisterAgent', { id, agencyId: 'agency' });
    await agency.submit('OpenWallet', { walletId, agentId: id });
    const amount = String(FIRST_DEPOSIT * agent);
    await agency.submit('ProposeDeposit', { depositId, walletId, amount });
    await bank.submit('ConfirmDeposit', { depositId, utr: `UTR-${agent}` });
  }
  for (const { meterId: id } of town.meters)
    await discom.submit('RegisterMeter', { meterId: id, openLimit: OPEN_LIMIT });
  for (const { id, agentId, privateKey } of town.handsets) {
    await agency.submit('RegisterHandset', { id, agentId, publicKey: rawPublicKey(privateKey) });
  }
};
