import type { Clock, Random } from '../../edges/edges.ts';
import type { Logger } from '../../observability/logger.ts';
import type { LocalRedemptions } from '../../requests/local-redeem.ts';
import type { Taps } from '../tap/taps.ts';
import { createCounter } from './counter/counter.ts';
import { createNfcLink, type NfcLink, type ReaderTap } from './nfc-link.ts';
import { pcscDaemonTrouble, pcscSocket } from './pcsc-daemon.ts';
import { startReaderProcess } from './reader-line.ts';
import type { NfcConfig } from './reader-roles.ts';
import type { NfcReaders, ReadersView } from './readers.ts';
import { createSupervisedReaders } from './supervised-readers.ts';

export interface OpenNfcParts {
  readonly taps: Taps;
  readonly redeem: LocalRedemptions['redeem'];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Without it, those of PC/SC on this machine. */
  readonly readers?: NfcReaders | undefined;
}

/** The link to meters at NFC readers, started; what happens there is logged. */
export function openNfc(config: NfcConfig, parts: OpenNfcParts): NfcLink {
  const { taps, clock, log } = parts;
  const socket = pcscSocket(process.env);
  const readers =
    parts.readers ??
    createSupervisedReaders({
      ...{ clock, random: parts.random, start: startReaderProcess },
      daemonTrouble: () => pcscDaemonTrouble(socket),
    });
  const counter = createCounter({
    ...{ clock, redeem: parts.redeem },
    onStep: (step) => log.info({ link: 'nfc', ...step }, 'a voucher that was shown at the counter'),
  });
  const link = createNfcLink({
    ...{ readers, config, taps, counter, clock },
    onShown: (shown) => {
      if ('error' in shown)
        log.info({ link: 'nfc', reader: shown.reader, err: shown.error }, 'a card could not be read');
      else log.info({ link: 'nfc', ...shown }, 'a card was read');
    },
    onTap: (tap) => logTap(log, tap),
    onMute: (reader, message) => log.info({ link: 'nfc', reader }, `a card does not answer: ${message}`),
    onReaders: logChanges(log),
  });
  link.start();
  return link;
}

function logTap(log: Logger, { cause, shown, ...tap }: ReaderTap): void {
  const about = { link: 'nfc', ...tap, vouchers: shown.length };
  if (tap.end === 'done') log.info(about, 'a meter was tapped');
  else log.info({ ...about, err: cause }, `a tap ended early: ${tap.end}`);
}

/** The same trouble again is no news. */
function logChanges(log: Logger): (view: ReadersView) => void {
  let known = '';
  return ({ state, readers, reason, message }) => {
    const news = `${state}: ${message ?? readers.join(', ')}`;
    if (state === 'starting' || news === known) return;
    known = news;
    if (state === 'away') log.warn({ link: 'nfc', reason }, `the NFC readers are away: ${message}`);
    else log.info({ link: 'nfc', readers }, 'the NFC readers are there');
  };
}
