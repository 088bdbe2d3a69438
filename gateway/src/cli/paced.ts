import type { Session } from './session.ts';

const EVERY_MS = 200;

/** Says progress as often as a person can read it, however often it is told. */
export function paced<T>({ edges }: Pick<Session, 'edges'>, say: (value: T) => void): (value: T) => void {
  let saidMs = edges.nowMs();
  return (value) => {
    const nowMs = edges.nowMs();
    if (nowMs - saidMs < EVERY_MS) return;
    saidMs = nowMs;
    say(value);
  };
}
