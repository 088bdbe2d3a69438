import { expect, test } from 'vitest';
import { StateTable } from './state-table.ts';

/** Sets of couriers' frames, each a number whose bits are its frames. */
const soups = { holds: (soup: number, other: number) => (other & ~soup) === 0 };
const table = () => new StateTable(soups, { width: 4, coreWidth: 2 });

test('a state whose couriers hold no more than another’s with the same core is that other', () => {
  const states = table();
  const full = states.add(Int32Array.of(7, 8, 0b11, 0b01));
  expect(states.add(Int32Array.of(7, 8, 0b10, 0b01))).toBe(full);
  expect(states.add(Int32Array.of(7, 8, 0b11, 0b01))).toBe(full);
  expect(states.size).toBe(1);
});

test('states of which neither holds all of the other are both kept, and so are those of another core', () => {
  const states = table();
  states.add(Int32Array.of(7, 8, 0b11, 0b00));
  states.add(Int32Array.of(7, 8, 0b10, 0b01));
  states.add(Int32Array.of(7, 9, 0b00, 0b00));
  expect([states.size, states.cores]).toEqual([3, 2]);
  expect([...states.at(1)]).toEqual([7, 8, 0b10, 0b01]);
  expect(states.firstWith(0)).toBe(0);
});
