import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const RECORDER = fileURLToPath(new URL('./record-syncs.c', import.meta.url));

/** What a process made durable, renamed and said, in its order; entries are as record-syncs.c writes them. */
export interface DiskRecord {
  /** The directory in which it worked. */
  readonly root: string;
  readonly entries: readonly (readonly string[])[];
}

export interface RecordedProgram {
  /** A directory that is there already; the record and its compiled recorder are put beside what the program makes. */
  readonly root: string;
  readonly script: string;
  readonly args: readonly string[];
  /** It is killed with -9 when it has said so many lines, if it has not ended by then. */
  readonly lines: number;
}

/** Runs a program with its disk recorded. Throws where there is no C compiler: nothing would be proved. */
export async function recordDisk({ root, script, args, lines }: RecordedProgram): Promise<DiskRecord> {
  const record = join(root, 'disk.record');
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DISK_RECORD: record, LD_PRELOAD: compiled(root), UV_USE_IO_URING: '0' },
  });
  const closed = once(child, 'close');
  let said = 0;
  for await (const _line of createInterface({ input: child.stdout })) {
    said += 1;
    if (said === lines) child.kill('SIGKILL');
  }
  await closed;
  const text = await readFile(record, 'utf8');
  const rows = text.trimEnd().split('\n');
  const recorded = { root, entries: rows.map((row) => row.split('\t')) };
  const count = momentsOfSaying(recorded).length;
  if (count < lines) throw new Error(`${script} said ${count} lines of ${lines}`);
  return recorded;
}

function compiled(root: string): string {
  const library = join(root, 'record-syncs.so');
  const { error, stderr } = spawnSync(
    'gcc',
    ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, RECORDER],
    {
      encoding: 'utf8',
    },
  );
  if (error !== undefined || stderr !== '') {
    throw new Error(
      `No power cut can be tried without a C compiler (Debian: gcc libc6-dev): ${error ?? stderr}`,
    );
  }
  return library;
}

/** All lines that were said before an entry. */
export const saidBefore = ({ entries }: DiskRecord, at: number): readonly string[] =>
  entries.slice(0, at).flatMap(([kind, line = '']) => (kind === 'said' ? [line] : []));

/** The entries after which something had been said. */
export const momentsOfSaying = ({ entries }: DiskRecord): readonly number[] =>
  entries.flatMap(([kind], index) => (kind === 'said' ? [index + 1] : []));

/**
 * Puts into `into` what a disk surely holds of the root after a power cut behind so many entries: of each file the bytes
 * that were synced, under the names that are durable. A new file's name becomes durable with its bytes, as Linux's file
 * systems have it; the name of a directory, and one given by a rename or a link, with its folder only. For files that
 * come whole or only grow.
 */
export async function copyAfterPowerCut(record: DiskRecord, at: number, into: string): Promise<void> {
  const disk = diskAfter(record, at);
  const paths = new Map(
    [...diskAfter(record, record.entries.length).names].map(([path, file]) => [file, path]),
  );
  for (const [path, file] of disk.durableNames) {
    const source = paths.get(file);
    if (source === undefined || !isReachable(dirname(path), record.root, disk)) continue;
    const target = join(into, relative(record.root, path));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const bytes = await readFile(source);
    await writeFile(target, bytes.subarray(0, disk.syncedBytes.get(file) ?? 0), { mode: 0o600 });
  }
}

/** Files by their inodes; of directories, only which there are. */
interface Disk {
  readonly names: Map<string, string>;
  readonly durableNames: Map<string, string>;
  readonly syncedBytes: Map<string, number>;
  readonly folders: Set<string>;
  readonly durableFolders: Set<string>;
}

const isReachable = (folder: string, root: string, disk: Disk): boolean =>
  folder === root || (disk.durableFolders.has(folder) && isReachable(dirname(folder), root, disk));

function diskAfter({ entries }: DiskRecord, at: number): Disk {
  const disk: Disk = {
    ...{ names: new Map(), durableNames: new Map(), syncedBytes: new Map() },
    ...{ folders: new Set(), durableFolders: new Set() },
  };
  for (const [kind, ...fields] of entries.slice(0, at))
    if (kind !== 'said') STEPS[kind ?? '']?.(disk, fields);
  return disk;
}

const STEPS: Readonly<Record<string, (disk: Disk, fields: readonly string[]) => void>> = {
  folder: (disk, [, path = '']) => disk.folders.add(path),
  rename(disk, [file = '', from = '', to = '']) {
    disk.names.delete(from);
    disk.names.set(to, file);
  },
  link: (disk, [file = '', path = '']) => disk.names.set(path, file),
  unlink(disk, [path = '']) {
    disk.names.delete(path);
    disk.durableNames.delete(path);
  },
  sync(disk, [file = '', bytes, path = '']) {
    disk.syncedBytes.set(file, Number(bytes));
    if (!disk.names.has(path)) disk.durableNames.set(path, file);
    disk.names.set(path, file);
  },
  'sync-folder'(disk, [, , folder]) {
    const isIn = (path: string): boolean => dirname(path) === folder;
    for (const path of disk.durableNames.keys()) {
      if (isIn(path) && !disk.names.has(path)) disk.durableNames.delete(path);
    }
    for (const [path, file] of disk.names) if (isIn(path)) disk.durableNames.set(path, file);
    for (const path of disk.folders) if (isIn(path)) disk.durableFolders.add(path);
  },
};
