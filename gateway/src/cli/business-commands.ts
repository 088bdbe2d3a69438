import { type Command, InvalidArgumentError } from 'commander';
import { type Builder, command, group, ordered, paged, remote } from './define-command.ts';
import type { CommonOptions } from './session.ts';
import {
  endOfEpochCommands,
  suspensionCommands,
  voucherOrderCommands,
  walletOrderCommands,
} from './supervision-commands.ts';

/** Options of an order, and the named ones that it cannot do without. */
type Given<K extends string> = CommonOptions & { as: string } & Record<K, string>;

export function partyCommands(build: Builder): void {
  const load = () => import('./order-commands.ts');
  const agency = group(build, 'agency', 'agencies');
  const agencyOptions = (made: Command): Command =>
    ordered('discom')(made)
      .requiredOption('--id <id>', 'agency')
      .requiredOption('--public-key <key>', 'Ed25519, base64url')
      .option('--name <name>', 'name');
  command<Given<'id' | 'publicKey'>>(
    build,
    agency,
    { name: 'add', about: 'register an agency', options: agencyOptions },
    async (session, given) => (await load()).addAgency(session, given),
  );
  suspensionCommands(build, agency, 'agency', 'discom');
  const agent = group(build, 'agent', 'agents');
  const agentOptions = (made: Command): Command =>
    ordered('agency')(made)
      .requiredOption('--id <id>', 'agent')
      .option('--agency <id>', 'its agency', 'agency')
      .option('--name <name>', 'name');
  command<Given<'id' | 'agency'>>(
    build,
    agent,
    { name: 'add', about: 'register an agent', options: agentOptions },
    async (session, given) => (await load()).addAgent(session, given),
  );
  suspensionCommands(build, agent, 'agent', 'agency');
  const handset = group(build, 'handset', 'handsets');
  const handsetOptions = (made: Command): Command =>
    ordered('agency')(made)
      .requiredOption('--id <id>', 'handset')
      .requiredOption('--wallet <id>', 'wallet of the agent that it works for')
      .requiredOption('--public-key <key>', 'Ed25519, base64url of 32 bytes');
  const add = {
    name: 'add',
    about: 'register a handset; prints its MQTT name and password',
    options: handsetOptions,
  };
  command<Given<'id' | 'wallet' | 'publicKey'>>(build, handset, add, async (session, given) =>
    (await load()).addHandset(session, given),
  );
  command(
    build,
    handset,
    { name: 'show <id>', about: 'MQTT name and password', options: remote },
    async (session, given, [id = '']) => (await import('./read-commands.ts')).showHandset(session, id, given),
  );
  suspensionCommands(build, handset, 'handset', 'agency');
  suspensionCommands(build, group(build, 'gateway', 'gateways'), 'gateway', 'discom');
}

export function walletCommands(build: Builder): void {
  const load = () => import('./order-commands.ts');
  const wallet = group(build, 'wallet', 'agents’ wallets');
  const openOptions = (made: Command): Command =>
    ordered('agency')(made).requiredOption('--id <id>', 'wallet').requiredOption('--agent <id>', 'its agent');
  command<Given<'id' | 'agent'>>(
    build,
    wallet,
    { name: 'open', about: 'open a wallet', options: openOptions },
    async (session, given) => (await load()).openWallet(session, given),
  );
  command(
    build,
    wallet,
    { name: 'show <id>', about: 'balance and holds', options: remote },
    async (session, given, [id = '']) => (await import('./read-commands.ts')).showWallet(session, id, given),
  );
  walletOrderCommands(build, wallet);
  const deposit = group(build, 'deposit', 'money into wallets');
  const proposeOptions = (made: Command): Command =>
    ordered('agency')(made)
      .requiredOption('--wallet <id>', 'wallet')
      .requiredOption('--amount <minor>', 'minor units: 50000 is 500.00')
      .option('--id <id>', 'deposit (default: made)');
  command<Given<'wallet' | 'amount'>>(
    build,
    deposit,
    { name: 'propose', about: 'announce a deposit', options: proposeOptions },
    async (session, given) => (await load()).proposeDeposit(session, given),
  );
  const confirmOptions = (made: Command): Command =>
    ordered('bank')(made)
      .requiredOption('--id <id>', 'deposit')
      .requiredOption('--utr <reference>', 'the bank’s reference');
  command<Given<'id' | 'utr'>>(
    build,
    deposit,
    { name: 'confirm', about: 'the money has arrived', options: confirmOptions },
    async (session, given) => (await load()).confirmDeposit(session, given),
  );
}

export function meterCommands(build: Builder): void {
  const read = () => import('./read-commands.ts');
  const meter = group(build, 'meter', 'meters');
  const addOptions = (made: Command): Command =>
    ordered('discom')(made)
      .requiredOption('--id <number>', 'meter number')
      .option('--key-epoch <n>', 'first key epoch (default 1)', wholeNumber)
      .option('--open-limit <n>', 'vouchers that may be open', wholeNumber);
  const add = {
    name: 'add',
    about: 'register a meter; prints what its factory puts in',
    options: addOptions,
  };
  command<Given<'id'>>(build, meter, add, async (session, given) =>
    (await import('./order-commands.ts')).addMeter(session, given),
  );
  const listOptions = (made: Command): Command =>
    paged(made).option('--search <digits>', 'part of the number');
  command(
    build,
    meter,
    { name: 'list', about: 'meters page by page', options: listOptions },
    async (session, given) => (await read()).listMeters(session, given),
  );
  const showOptions = (made: Command): Command =>
    remote(made).option('--secrets', 'root key, MQTT name and password');
  command(
    build,
    meter,
    { name: 'show <number>', about: 'one meter', options: showOptions },
    async (session, given, [id = '']) => (await read()).showMeter(session, id, given),
  );
  const readingsOptions = (made: Command): Command =>
    remote(made)
      .option('--last <time>', 'up to now, such as 3h or 30d (default: 24h)')
      .option('--from <time>', 'instead: from here, such as 2027-01-31T18:00 (UTC)')
      .option('--to <time>', 'up to here (default: now)')
      .option('--resolution <name>', 'raw, hour or day (default: by the length of the time)');
  command(
    build,
    meter,
    { name: 'readings <number>', about: 'consumption and balance, with gaps', options: readingsOptions },
    async (session, given, [id = '']) =>
      (await import('./readings-command.ts')).showReadings(session, id, given),
  );
  suspensionCommands(build, meter, 'meter', 'discom');
  endOfEpochCommands(build, meter);
}

export function voucherCommands(build: Builder): void {
  const read = () => import('./read-commands.ts');
  const voucher = group(build, 'voucher', 'vouchers');
  const listOptions = (made: Command): Command =>
    paged(made)
      .option('--meter <number>', 'of this meter')
      .option('--status <status>', 'issued, cancelling, redeemed, voided, released');
  command(
    build,
    voucher,
    { name: 'list', about: 'vouchers page by page', options: listOptions },
    async (session, given) => (await read()).listVouchers(session, given),
  );
  command(
    build,
    voucher,
    { name: 'show <id>', about: 'one voucher and its life', options: remote },
    async (session, given, [id = '']) => (await read()).showVoucher(session, id, given),
  );
  voucherOrderCommands(build, voucher);
}

function wholeNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
