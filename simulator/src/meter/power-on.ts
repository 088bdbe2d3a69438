import { type MeterId, type MeterState, provisionMeter } from '@tapwatt/firmware-contracts';
import { NOTHING_CHARGED } from '../nvm/charge-record.ts';
import { MeterMemory } from '../nvm/meter-memory.ts';
import type { NvmStorage } from '../nvm/storage.ts';
import { settingsFrom } from './desired.ts';
import type { DeviceState } from './device-state.ts';
import { decideRelay } from './relay.ts';
import { FACTORY_SETTINGS, type MeterSettings } from './settings.ts';

/** What a meter is at the factory. */
export interface MeterIdentity {
  readonly meterId: MeterId;
  /** Kroot, 32 bytes. */
  readonly root: Uint8Array;
}

/** What provisioning puts into a meter's memory. */
export interface Provisioning extends MeterIdentity {
  readonly keyEpoch: number;
  /** Minor units. */
  readonly balanceLimit: bigint;
  readonly cumulativeCredited?: bigint;
  readonly charged?: bigint;
}

/** The factory's (or, after a loss of memory, two approving people's) act: writes both records into a memory. */
export const provisionMemory = (storage: NvmStorage, provisioning: Provisioning): void => {
  const meter = provisionMeter(provisioning);
  const memory = new MeterMemory(storage);
  memory.recover();
  if (meter.record === undefined) throw new Error('provisioning gave no record');
  memory.commitCharge({ ...NOTHING_CHARGED, charged: meter.charged });
  memory.commitRecord({ record: meter.record, tamper: false, desired: '' });
};

/** The state of a meter that has just got power: all of it comes from its memory; without both records it is LOCKED. */
export const powerOn = (
  identity: MeterIdentity,
  memory: MeterMemory,
  options: { readonly settings?: MeterSettings; readonly nowS: number },
): DeviceState => {
  const { stored, charge } = memory.recover();
  const settings = options.settings ?? FACTORY_SETTINGS;
  const isWhole = stored !== undefined && charge !== undefined;
  const register = isWhole ? charge : NOTHING_CHARGED;
  const meter: MeterState = {
    meterId: identity.meterId,
    root: identity.root,
    record: isWhole ? stored.record : undefined,
    charged: register.charged,
  };
  const state: DeviceState = {
    meter,
    register,
    tamper: isWhole && stored.tamper,
    desired: isWhole ? stored.desired : '',
    settings: settingsFrom(settings, isWhole ? stored.desired : ''),
    factory: settings,
    relayClosed: false,
    clock: { offsetS: 0, trust: 0 },
    isOnline: false,
    isFresh: true,
    kept: [],
    staged: new Map(),
  };
  return { ...state, relayClosed: decideRelay(state, options.nowS).closed };
};
