import type { Command } from 'commander';
import { type Builder, command, group, local, ordered, paged } from './define-command.ts';
import type { OrderOptions } from './order-session.ts';
import type { CommonOptions, PageOptions } from './session.ts';

export function backupCommands(build: Builder): void {
  const load = () => import('./backup-commands.ts');
  const backup = group(build, 'backup', 'back up the ledger, and restore it');
  command(
    build,
    backup,
    { name: 'create <file>', about: 'a consistent copy, also while the gateway runs', options: local },
    async (session, given, [file = '']) => (await load()).createBackup(session, file, given),
  );
  const options = (made: Command): Command => local(made).option('--full', 'also replay every transaction');
  command<CommonOptions & { full?: boolean }>(
    build,
    backup,
    { name: 'restore <file>', about: 'in place of the ledger, in quarantine (gateway stopped)', options },
    async (session, given, [file = '']) => (await load()).restoreFromBackup(session, file, given),
  );
}

export interface ResumeOptions extends OrderOptions {
  readonly reason: string;
  readonly withoutQuarantine?: boolean;
}

export function resumeCommand(build: Builder, ledger: Command): void {
  const options = (made: Command): Command =>
    ordered('discom')(made)
      .requiredOption('--reason <text>', 'what was found and done')
      .option(
        '--without-quarantine',
        'trust every meter’s record: only where one meter lied and is suspended',
      );
  command<ResumeOptions>(
    build,
    ledger,
    { name: 'resume', about: 'issue again after another copy was found and stopped', options },
    async (session, given) => (await import('./backup-commands.ts')).resumeLedger(session, given),
  );
}

export interface RecoverOptions extends OrderOptions {
  readonly meter: string;
  readonly voucher: string;
  readonly amount: string;
}

export function orphanCommands(build: Builder, ledger: Command): void {
  const load = () => import('./orphan-commands.ts');
  command<PageOptions>(
    build,
    ledger,
    { name: 'orphans', about: 'credit that meters showed and this ledger does not know', options: paged },
    async (session, given) => (await load()).listOrphans(session, given),
  );
  const options = (made: Command): Command =>
    ordered('discom')(made)
      .requiredOption('--meter <id>', 'meter')
      .requiredOption('--voucher <id>', 'as the list of orphans has it')
      .requiredOption('--amount <minor>', 'minor units');
  command<RecoverOptions>(
    build,
    ledger,
    { name: 'recover', about: 'book an orphan; two parties must state the same', options },
    async (session, given) => (await load()).recoverOrphan(session, given),
  );
}
