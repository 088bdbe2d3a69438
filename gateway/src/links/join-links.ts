import type { Handover, MeterLink, MeterLinks } from '../redemption/meter-link.ts';
import type { LinkName } from '../redemption/types.ts';

/**
 * Many ways to meters as one. A frame was handed over when one link took it; the failure of a link counts only where
 * no other one did.
 */
export function joinLinks(links: Readonly<Partial<Record<LinkName, MeterLink>>>): MeterLinks {
  const all = Object.values(links);
  return {
    present: (meterId, voucher, via) => {
      const chosen = via === undefined ? undefined : links[via];
      return byAll(chosen === undefined ? all : [chosen], (link) => link.present(meterId, voucher));
    },
    acknowledge: (meterId, frame) => byAll(all, (link) => link.acknowledge(meterId, frame)),
    setTime: (meterId, timeOrder) => byAll(all, (link) => link.setTime(meterId, timeOrder)),
  };
}

async function byAll(
  links: readonly MeterLink[],
  send: (link: MeterLink) => Promise<Handover>,
): Promise<Handover> {
  const sent = await Promise.allSettled(links.map(send));
  if (sent.some((one) => one.status === 'fulfilled' && one.value === 'handed-over')) return 'handed-over';
  const failed = sent.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return 'away';
}
