import { isMqttPassword, mqttPasswordOf, parseIdentity } from '@tapwatt/firmware-contracts';
import { LedgerUnavailable } from './ledger/errors.ts';
import type { Ledger } from './ledger/ledger.ts';

/** MQTT credentials: derived, so that there is no store of them to lose; who may connect is the registry's word. */
export interface Credentials {
  /** The password of an identity (`m-…`, `h-…`, `g-…`): base64url of an HMAC-SHA-256 under the gateway's MQTT key. */
  passwordOf(identity: string): string;
  /** Whether this is the password of a registered identity that is not suspended. */
  authenticate(identity: string, secret: Uint8Array): Promise<boolean>;
}

export function createCredentials(mqttKey: Uint8Array, ledger: Pick<Ledger, 'evaluate'>): Credentials {
  async function isActive(identity: string): Promise<boolean> {
    const device = parseIdentity(identity);
    if (device === undefined) return false;
    if (device.who === 'meter') {
      const meter = await ledger.evaluate('GetMeter', { meterId: device.id });
      return meter !== null && !meter.suspended;
    }
    const party = await ledger.evaluate('GetParty', { id: device.id });
    return party !== null && party.role === device.who && !party.suspended;
  }

  return {
    passwordOf: (identity) => mqttPasswordOf(mqttKey, identity),
    async authenticate(identity, secret) {
      if (!isMqttPassword(mqttKey, identity, secret)) return false;
      try {
        return await isActive(identity);
      } catch (error) {
        // Who has the password was registered once; meters go on being served while the ledger is away.
        if (error instanceof LedgerUnavailable) return true;
        throw error;
      }
    },
  };
}
