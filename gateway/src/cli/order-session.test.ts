import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransactionName } from '@tapwatt/chaincode';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliEdges } from './edges.ts';
import { createProgram } from './program.ts';
import { type LostAnswers, startLosingAnswers } from './testing/lost-answers.ts';
import { runTapwatt } from './testing/run-tapwatt.ts';
import { startTestGateway, type TestGateway } from './testing/running-gateway.ts';

const SLOW_MS = 60_000;

describe('an order whose answer was lost', () => {
  let cwd: string;
  let gateway: TestGateway;
  let losing: LostAnswers;
  const tapwatt = (args: readonly string[]) => runTapwatt([...args, '--json'], { cwd });
  const lose = (args: readonly string[]) =>
    tapwatt([...args, '--url', losing.url, '--token-file', join('data', 'admin.token')]);

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'tw-'));
    gateway = await startTestGateway(cwd);
    losing = await startLosingAnswers(gateway.httpPort);
  }, SLOW_MS);
  afterAll(async () => {
    losing.close();
    await gateway.end('SIGKILL');
    await rm(cwd, { recursive: true, force: true });
  });

  it.each([
    [['agent', 'add', '--id', 'a1'], undefined],
    [['wallet', 'open', '--id', 'w1', '--agent', 'a1'], undefined],
    [['deposit', 'propose', '--wallet', 'w1', '--amount', '100'], 'depositId'],
    [['meter', 'add', '--id', '4711'], undefined],
    [['meter', 'renew-key', '4711', '--reason', 'new'], 'voucherId'],
  ] as const)(
    'is done once when it is repeated as the error says: %j',
    async (args, made) => {
      const lost = await lose(args);
      expect(lost.code).toBe(4);
      const [first = '', ...more] = lost.stderr.trim().split('\n');
      const { code, remedy } = JSON.parse(more.at(-1) ?? '{}') as Record<string, string>;
      const requestId = /--request-id (\S+):/.exec(remedy ?? '')?.[1] ?? '';
      expect(code).toBe('GATEWAY_UNREACHABLE');
      expect(requestId).toMatch(/^\d+-[0-9a-f]{12}$/);
      expect([first, ...more].join('\n')).toContain(`request ${requestId}, signed as `);

      const repeat = [...args, '--request-id', requestId];
      const [again, oncemore] = [await tapwatt(repeat), await tapwatt(repeat)];
      expect([again.code, oncemore.code], again.stderr).toEqual([0, 0]);
      const [one, two] = [again, oncemore].map(({ stdout }) => JSON.parse(stdout) as Record<string, string>);
      expect(two?.requestId).toBe(one?.requestId);
      if (made !== undefined) expect([one?.[made], two?.[made]]).toEqual([expect.any(String), one?.[made]]);
      if (made === 'depositId') expect(lost.stderr).toContain(`deposit ${one?.depositId}`);
    },
    SLOW_MS,
  );
});

/** How people give each order of the rules, or why none of them does. */
const GIVEN_BY = {
  Genesis: 'ledger found',
  RegisterAgency: 'agency add',
  RegisterAgent: 'agent add',
  RegisterHandset: 'handset add',
  RegisterGateway: { none: 'the first gateway is in the genesis; more than one takes a Fabric certificate' },
  RegisterMeter: 'meter add',
  Suspend: 'meter suspend',
  OpenWallet: 'wallet open',
  ProposeDeposit: 'deposit propose',
  ConfirmDeposit: 'deposit confirm',
  FreezeWallet: 'wallet freeze',
  CloseWallet: 'wallet close',
  IssueVouchers: { none: 'the gateway’s, at a handset’s signed request' },
  SettleReceipts: { none: 'the gateway’s, with a meter’s receipts' },
  RequestCancel: 'voucher cancel',
  ReleaseUnproven: 'voucher release',
  RotateMeterKey: 'meter renew-key',
  CloseMeter: 'meter close',
  WithdrawOrder: { none: 'the gateway’s, with a meter’s refusal' },
  RecordMeter: { none: 'the gateway’s, with a meter’s status' },
  RecordVoucher: { none: 'the gateway’s, with a voucher that a handset showed' },
  RecordRestore: 'backup restore',
  ResumeIssuing: 'ledger resume',
  RecoverOrphan: 'ledger recover',
} as const satisfies Record<TransactionName, string | { readonly none: string }>;

it('every order of the rules has a command, or a reason to have none', () => {
  const { program } = createProgram({ argv: [] as readonly string[] } as CliEdges, '0');
  const named = (command: Command, before = ''): readonly string[] =>
    command.commands.flatMap((one) => [`${before}${one.name()}`, ...named(one, `${before}${one.name()} `)]);
  const missing = Object.values(GIVEN_BY).filter(
    (how) => typeof how === 'string' && !named(program).includes(how),
  );
  expect(missing).toEqual([]);
});
