import type { Presenter } from './redemption/presenter.ts';
import type { Redemptions } from './redemption/redemptions.ts';

export interface MeterPresencePorts {
  readonly redemptions: Pick<Redemptions, 'isReachable' | 'reachable'>;
  readonly presenter: Pick<Presenter, 'enqueue'>;
  /** False when the message bus knows that it does not. */
  readonly mayListen: (meterId: string) => boolean;
}

/**
 * A meter that speaks over MQTT is there, also behind a broker that does not tell of presence; what it has open is due
 * then. One that only speaks hears nothing, and our own broker tells nobody when it goes.
 */
export function createMeterPresence({ redemptions, presenter, mayListen }: MeterPresencePorts) {
  return (meterId: string): void => {
    if (redemptions.isReachable(meterId, 'mqtt') || !mayListen(meterId)) return;
    redemptions.reachable(meterId, true, 'mqtt');
    presenter.enqueue(meterId);
  };
}
