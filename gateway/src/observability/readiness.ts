import { witnessOf } from '@tapwatt/chaincode';
import { ERRORS, type ErrorCode } from '@tapwatt/firmware-contracts';
import type { ReadinessReason, ReadinessReport } from '../http/services.ts';
import type { IssuerView } from '../issuer/remote/issuer-line.ts';
import type { ReadersView } from '../links/nfc/readers.ts';
import type { SerialView, SilentMeter } from '../links/serial/serial-link.ts';
import type { QuarantineView } from '../quarantine/quarantine.ts';
import type { StoreView } from '../telemetry/store.ts';

export interface ReadinessInputs {
  /** `failed`: its storage failed or its network is not reached, and is tried again. `damaged`: it stays closed. */
  readonly ledger: 'open' | 'failed' | 'damaged' | 'closed';
  /** Why it failed, where that is known. */
  readonly ledgerCause?: ErrorCode | undefined;
  readonly listening: boolean;
  /** The address of an external broker that cannot be reached. */
  readonly brokerAway?: string | undefined;
  /** The issuer's own process; absent where the master key is here. */
  readonly issuer?: IssuerView | undefined;
  readonly quarantine?: QuarantineView | undefined;
  /** Where readings are kept; absent where none are. */
  readonly telemetry?: StoreView | undefined;
  /** The NFC readers; absent where none are wanted. */
  readonly nfc?: ReadersView | undefined;
  /** The serial lines; absent where there are none. */
  readonly serial?: SerialView | undefined;
  readonly stopping: boolean;
}

/** Whether a redemption can be taken; a ledger that is away only degrades it. */
export function readinessOf(inputs: ReadinessInputs): ReadinessReport {
  const reasons: ReadinessReason[] = [];
  if (inputs.stopping) reasons.push(notReady('gateway', 'The gateway is stopping.'));
  else if (!inputs.listening) reasons.push(notReady('broker', 'The broker does not listen yet.'));
  else if (inputs.brokerAway !== undefined) {
    const message = `The MQTT broker ${inputs.brokerAway} cannot be reached; it is tried again by itself.`;
    reasons.push(notReady('broker', message));
  }
  if (inputs.ledger === 'failed') reasons.push(ledgerAway(inputs.ledgerCause ?? 'LEDGER_UNAVAILABLE'));
  if (inputs.ledger === 'damaged') {
    reasons.push({
      part: 'ledger',
      state: 'not-ready',
      code: 'DATA_DAMAGED',
      message: 'The ledger’s data is damaged.',
    });
  }
  reasons.push(
    ...issuerReasons(inputs.issuer),
    ...quarantineReasons(inputs.quarantine),
    ...nfcReasons(inputs.nfc),
    ...serialReasons(inputs.serial),
  );
  reasons.push(...telemetryReasons(inputs.telemetry));
  const worst = reasons.some(({ state }) => state === 'not-ready') ? 'not-ready' : 'degraded';
  return { state: reasons.length === 0 ? 'ready' : worst, reasons };
}

/** With what an operator can do about it, where there is something. */
function ledgerAway(code: ErrorCode): ReadinessReason {
  const { meaning, remedy } = ERRORS[code];
  const what = code === 'LEDGER_UNAVAILABLE' ? meaning : `${meaning} ${remedy}`;
  const message = `The ledger is away: ${what} It is tried again by itself; sealed vouchers are redeemed meanwhile.`;
  return { part: 'ledger', state: 'degraded', code, message };
}

function issuerReasons(issuer: IssuerView | undefined): ReadinessReason[] {
  if (issuer?.state !== 'away') return [];
  const message = `${issuer.message ?? 'The issuer cannot be reached.'} Nothing is issued; what was sealed is redeemed.`;
  return [{ part: 'issuer', state: 'degraded', code: 'ISSUER_UNAVAILABLE', message }];
}

/** Meters that one message names. */
const MAX_NAMED = 8;

function serialReasons({ lines }: SerialView = { lines: [] }): ReadinessReason[] {
  return lines.flatMap(({ device, state, reason, silent }) => {
    if (state === 'open') return silentReasons(device, silent);
    const message = `The serial port ${device} is away (${reason}). ${ERRORS.SERIAL_UNAVAILABLE.remedy}`;
    return [{ part: 'serial', state: 'degraded', code: 'SERIAL_UNAVAILABLE', message }];
  });
}

function silentReasons(device: string, silent: readonly SilentMeter[]): ReadinessReason[] {
  if (silent.length === 0) return [];
  const names = silent
    .slice(0, MAX_NAMED)
    .map(({ address, meterId }) => `address ${address}${meterId === undefined ? '' : ` (meter ${meterId})`}`);
  const others = silent.length > MAX_NAMED ? ` and ${silent.length - MAX_NAMED} more` : '';
  const message = `No answer on ${device} from ${names.join(', ')}${others}. ${ERRORS.METER_SILENT.remedy}`;
  return [{ part: 'serial', state: 'degraded', code: 'METER_SILENT', message }];
}

function nfcReasons(nfc: ReadersView | undefined): ReadinessReason[] {
  if (nfc?.state !== 'away') return [];
  const { meaning, remedy } = ERRORS.READERS_UNAVAILABLE;
  const message = `${nfc.message ?? meaning} ${remedy}`;
  return [{ part: 'nfc', state: 'degraded', code: 'READERS_UNAVAILABLE', message }];
}

/** Nothing, or not everything, is issued; what was sealed is redeemed all the same. */
function quarantineReasons({ halted, restored }: QuarantineView = {}): ReadinessReason[] {
  const reasons: ReadinessReason[] = [];
  if (halted !== undefined) {
    const { meaning, remedy } = ERRORS.LEDGER_HALTED;
    const message = `${meaning} ${witnessOf(halted)} showed it (${halted.what}). ${remedy}`;
    reasons.push({ part: 'ledger', state: 'degraded', code: 'LEDGER_HALTED', message });
  }
  const { waiting, fromBlock } = restored ?? {};
  if (restored === undefined || waiting?.meters === 0) return reasons;
  const who = waiting === undefined ? 'meters' : `${waiting.meters} of ${waiting.of} meters`;
  const since =
    fromBlock === undefined ? 'since it was resumed' : `since it was restored to block ${fromBlock}`;
  const message = `The ledger issues nothing for ${who} that were not cleared ${since}. ${ERRORS.QUARANTINED.remedy}`;
  return [...reasons, { part: 'ledger', state: 'degraded', code: 'QUARANTINED', message }];
}

/** Readings are no money: without them everything else goes on. */
function telemetryReasons(view: StoreView | undefined): ReadinessReason[] {
  if (view?.state !== 'failing') return [];
  const { message } = view;
  return [{ part: 'telemetry', state: 'degraded', code: 'TELEMETRY_UNAVAILABLE', message }];
}

const notReady = (part: string, message: string): ReadinessReason => ({
  part,
  state: 'not-ready',
  code: 'BUSY',
  message,
});
