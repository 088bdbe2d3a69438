/**
 * Loaded before a program (`--import`): the clock that it reads jumps ahead at SIGUSR2, and back at the next one, as when
 * somebody sets a machine's clock wrong. The peers' clocks stay.
 */
const OFF_MS = 20 * 60_000;
const RightDate = Date;
let offMs = 0;

process.on('SIGUSR2', () => {
  offMs = OFF_MS - offMs;
});

globalThis.Date = new Proxy(RightDate, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RightDate.now() + offMs] : args, newTarget),
  get: (target, name) => (name === 'now' ? () => RightDate.now() + offMs : Reflect.get(target, name)),
});
