import { messageOf } from '@tapwatt/firmware-contracts';
import type { GatewayConfig } from '../config/gateway-config.ts';
import type { Check, Finding, Patient } from './check.ts';
import { type Address, reachTrouble } from './reach.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'https:': 443 };

interface Server {
  readonly what: string;
  /** As it is configured. */
  readonly name: string;
  readonly url: string;
  readonly remedy: string;
}

/** The servers elsewhere that the configuration names: whether somebody takes a connection there, and no more. */
export const checkServers: Check = {
  name: 'servers',
  async run(patient) {
    const { config } = patient;
    const servers = [...broker(config), ...issuer(config)].map((server) => look(server, patient));
    return (await Promise.all([...servers, peers(patient)])).flat();
  },
};

function broker({ mqtt }: GatewayConfig): readonly Server[] {
  if (mqtt.external === undefined) return [];
  const remedy = 'Start it, or correct mqtt.external; devices are not heard until then.';
  return [{ what: 'mqtt broker', name: mqtt.external, url: mqtt.external, remedy }];
}

function issuer({ issuer }: GatewayConfig): readonly Server[] {
  if (issuer?.url === undefined) return [];
  const remedy = 'Start it there (tapwatt issuer), or correct issuer.url; nothing is issued until then.';
  return [{ what: 'issuer', name: issuer.url, url: issuer.url, remedy }];
}

async function peers(patient: Patient): Promise<readonly Finding[]> {
  const { kind, fabric } = patient.config.ledger;
  if (kind !== 'fabric') return [];
  const { readFabricNetwork } = await import('../ledger/fabric/index.ts');
  try {
    const network = await readFabricNetwork(fabric.network);
    const remedy = `Start it, or correct its address in ${fabric.network}; a firewall may be between.`;
    return await Promise.all(
      network.peers.map(({ address }) =>
        look({ what: 'fabric peer', name: address, url: `grpcs://${address}`, remedy }, patient),
      ),
    );
  } catch (error) {
    const remedy = 'Correct ledger.fabric.network; npm run fabric:up writes one.';
    return [{ what: 'fabric network', state: 'trouble', says: messageOf(error), remedy }];
  }
}

async function look({ what, name, url, remedy }: Server, patient: Patient): Promise<Finding> {
  const trouble = URL.canParse(url)
    ? await reachTrouble(addressOf(new URL(url)), patient)
    : 'this is no address';
  return trouble === undefined
    ? { what, state: 'ok', says: `It takes connections at ${name}.` }
    : { what, state: 'trouble', says: `It cannot be reached at ${name}: ${trouble}.`, remedy };
}

const addressOf = ({ hostname, port, protocol }: URL): Address => ({
  host: hostname.replace(/^\[|\]$/g, ''),
  port: Number(port || (DEFAULT_PORTS[protocol] ?? 0)),
});
