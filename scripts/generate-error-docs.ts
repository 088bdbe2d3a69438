import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ERRORS, type ErrorEntry } from '@tapwatt/firmware-contracts';
import { EXIT_CODE_OF } from '../gateway/src/cli/exit-code.ts';
import { HTTP_STATUS } from '../gateway/src/http/error-status.ts';

const FILE = fileURLToPath(new URL('../docs/errors.md', import.meta.url));

const HEAD = `# Errors

Every refusal and failure carries one of these codes. Over HTTP the body is \`{"code", "message", "remedy"}\`; the command
line prints the same three. *Retry* says what to do with the request: \`same\`: send the very same one again;
\`changed\`: correct it and use a new requestId; \`never\`: this request is decided for ever.

This page is made from the registry by \`node scripts/generate-error-docs.ts\`.

| code | what happened | what to do | retry | HTTP | exit |
|---|---|---|---|---|---|
`;

/** The text of docs/errors.md. */
export function errorDocs(): string {
  const rows = Object.entries(ERRORS).map(([code, entry]) => row(code as keyof typeof ERRORS, entry));
  return `${HEAD}${rows.join('\n')}\n`;
}

function row(code: keyof typeof ERRORS, { meaning, remedy, retry }: ErrorEntry): string {
  return `| \`${code}\` | ${meaning} | ${remedy} | ${retry} | ${HTTP_STATUS[code]} | ${EXIT_CODE_OF[code]} |`;
}

async function main(): Promise<void> {
  const text = errorDocs();
  if (!process.argv.includes('--check')) return writeFile(FILE, text);
  const current = await readFile(FILE, 'utf8').catch(() => '');
  if (current === text) return;
  process.stderr.write('docs/errors.md is out of date: node scripts/generate-error-docs.ts\n');
  process.exitCode = 1;
}

if (import.meta.main) await main();
