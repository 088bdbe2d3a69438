import type { ChargeRegister } from '../nvm/charge-record.ts';

const WMS_PER_WH = 3_600_000;
const MILLI = 1_000n;
const MAX_CHARGED = 2n ** 62n;

/** The register after `elapsedMs` at `powerW`, charged at `tariffMinorPerKwh`; fractions are carried on, never rounded away. */
export const consume = (
  register: ChargeRegister,
  use: { readonly powerW: number; readonly elapsedMs: number; readonly tariffMinorPerKwh: bigint },
): ChargeRegister => {
  const wms = register.energyRestWms + Math.round(use.powerW * use.elapsedMs);
  const wh = Math.floor(wms / WMS_PER_WH);
  const milli = BigInt(register.chargeRestMilli) + BigInt(wh) * use.tariffMinorPerKwh; // Wh x minor/kWh = thousandths of a minor unit
  const charged = register.charged + milli / MILLI;
  return {
    charged: charged < MAX_CHARGED ? charged : MAX_CHARGED,
    energyWh: register.energyWh + BigInt(wh),
    energyRestWms: wms % WMS_PER_WH,
    chargeRestMilli: Number(milli % MILLI),
  };
};
