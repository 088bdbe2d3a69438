import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The Python of the counterpart's environment, as scripts/setup-counterpart.sh makes it. */
export const PYTHON = fileURLToPath(
  new URL('../../node_modules/.cache/counterpart/bin/python', import.meta.url),
);

if (!existsSync(PYTHON)) {
  throw new Error(
    `${PYTHON} is missing: run bash scripts/setup-counterpart.sh (npm run test:counterpart does)`,
  );
}
