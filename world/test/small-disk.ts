import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BLOCK_BYTES = 4_096;

/** A disk of its own, small enough to be filled up. */
export interface SmallDisk {
  readonly directory: string;
  /** Writes until nothing more goes in, then frees so much again. */
  fill(leaveBytes?: number): void;
  makeRoom(): Promise<void>;
  remove(): Promise<void>;
}

/** Mounts a file system in memory. Throws, saying what to do, where that is not permitted. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'tw-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', directory], {
      stdio: 'pipe',
    });
  } catch (cause) {
    rmSync(directory, { recursive: true });
    const remedy = 'Run this ring as root, in a container with --cap-add SYS_ADMIN.';
    throw new Error(`A small file system cannot be mounted for this test. ${remedy}`, { cause });
  }
  const ballast = [join(directory, 'ballast-1'), join(directory, 'ballast-2')] as const;
  return {
    directory,
    fill(leaveBytes = 0) {
      writeUntilFull(ballast[0], leaveBytes);
      writeUntilFull(ballast[1]);
      if (leaveBytes > 0) rmSync(ballast[1]);
    },
    async makeRoom() {
      await Promise.all(ballast.map((path) => unlink(path).catch(() => undefined)));
    },
    async remove() {
      execFileSync('umount', ['-l', directory]);
      await rmdir(directory);
    },
  };
}

function writeUntilFull(path: string, leaveBytes = 0): void {
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  const reserve = leaveBytes === 0 ? undefined : openSync(path.replace(/1$/, '2'), 'w');
  for (let bytes = 0; reserve !== undefined && bytes < leaveBytes; bytes += BLOCK_BYTES)
    writeSync(reserve, block);
  if (reserve !== undefined) closeSync(reserve);
  const file = openSync(path, 'a');
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}
