import { TapwattError } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import type { Handover, MeterLink } from '../redemption/meter-link.ts';
import { joinLinks } from './join-links.ts';

const FRAME = Uint8Array.of(1);

function linkThat(answer: Handover | TapwattError) {
  const said: string[] = [];
  const send = async (meterId: string): Promise<Handover> => {
    said.push(meterId);
    if (answer instanceof TapwattError) throw answer;
    return answer;
  };
  const link: MeterLink = { present: send, acknowledge: send, setTime: send };
  return { link, said };
}

describe('all links as one', () => {
  it('carry a frame each, and one that takes it is enough', async () => {
    const [away, taken] = [linkThat('away'), linkThat('handed-over')];
    const links = joinLinks({ mqtt: away.link, nfc: taken.link });
    expect(await links.present('1', FRAME)).toBe('handed-over');
    expect([away.said, taken.said]).toEqual([['1'], ['1']]);
  });

  it('carry what is meant for one link by that one only', async () => {
    const [mqtt, nfc] = [linkThat('handed-over'), linkThat('away')];
    expect(await joinLinks({ mqtt: mqtt.link, nfc: nfc.link }).present('1', FRAME, 'nfc')).toBe('away');
    expect([mqtt.said, nfc.said]).toEqual([[], ['1']]);
  });

  it('fail only where a link failed and no other took it', async () => {
    const [failing, taken] = [linkThat(new TapwattError('BUSY')), linkThat('handed-over')];
    const both = joinLinks({ mqtt: failing.link, nfc: taken.link });
    expect(await both.acknowledge('1', FRAME)).toBe('handed-over');
    const one = joinLinks({ mqtt: failing.link, nfc: linkThat('away').link });
    await expect(one.setTime('1', FRAME)).rejects.toMatchObject({ code: 'BUSY' });
  });
});
