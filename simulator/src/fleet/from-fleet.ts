import { createPrivateKey, type KeyObject } from 'node:crypto';
import { hexToBytes, meterId, TapwattError } from '@tapwatt/firmware-contracts';
import { Handset, type HandsetOptions } from '../handset/handset.ts';
import { Meter, type MeterOptions } from '../meter/meter.ts';
import { type Provisioning, provisionMemory } from '../meter/power-on.ts';
import { MemoryNvm } from '../nvm/memory-nvm.ts';
import { METER_NVM_WORDS } from '../nvm/meter-memory.ts';
import type { Fleet, FleetHandset, FleetMeter } from './fleet-file.ts';

/** What the factory puts into this meter. Throws BAD_REQUEST. */
export const provisioningOf = (meter: FleetMeter): Provisioning => ({
  meterId: meterId(meter.meterId),
  root: hexToBytes(meter.rootKey),
  keyEpoch: meter.keyEpoch,
  balanceLimit: BigInt(meter.balanceLimit),
});

/** The memory of a new board, provisioned: it lives as long as the process. */
export const newBoard = (meter: FleetMeter): MemoryNvm => {
  const board = new MemoryNvm(METER_NVM_WORDS);
  provisionMemory(board, provisioningOf(meter));
  return board;
};

/** A meter of the fleet with the given memory (see `newBoard`, `openMeterFile`). Throws BAD_REQUEST. */
export const meterFromFleet = (
  fleet: Fleet,
  meter: FleetMeter,
  rest: Omit<MeterOptions, 'meterId' | 'root' | 'site' | 'password'>,
): Meter => {
  const { meterId: id, root } = provisioningOf(meter);
  return new Meter({ ...rest, meterId: id, root, site: fleet.site, password: meter.password });
};

const privateKeyOf = (handset: FleetHandset): KeyObject => {
  try {
    return createPrivateKey(handset.privateKey);
  } catch (cause) {
    throw new TapwattError('CONFIG_INVALID', `Handset ${handset.id}: privateKey is no PKCS#8 PEM.`, {
      cause,
    });
  }
};

/** A handset of the fleet with the given store. Throws CONFIG_INVALID. */
export const handsetFromFleet = (
  fleet: Fleet,
  handset: FleetHandset,
  rest: Omit<HandsetOptions, 'id' | 'site' | 'ledgerId' | 'privateKey' | 'password'>,
): Handset =>
  new Handset({
    ...rest,
    id: handset.id,
    site: fleet.site,
    ledgerId: fleet.ledgerId,
    privateKey: privateKeyOf(handset),
    password: handset.password,
  });
