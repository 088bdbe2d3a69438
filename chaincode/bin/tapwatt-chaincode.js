#!/usr/bin/env node
/**
 * Serves the money rules to a Fabric peer, as chaincode-as-a-service under Node 24. Told by the environment:
 * CHAINCODE_SERVER_ADDRESS (host:port to listen on), CHAINCODE_ID (the package id that the peer gave), and for TLS
 * CHAINCODE_TLS_KEY_FILE, CHAINCODE_TLS_CERT_FILE, CHAINCODE_TLS_CLIENT_CA_FILE (then a peer must show a certificate).
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { underNode24 } from '../../scripts/with-node24.js';

const OPTIONS = {
  CHAINCODE_SERVER_ADDRESS: '--chaincode-address',
  CHAINCODE_ID: '--chaincode-id',
  CHAINCODE_TLS_KEY_FILE: '--chaincode-tls-key-file',
  CHAINCODE_TLS_CERT_FILE: '--chaincode-tls-cert-file',
  CHAINCODE_TLS_CLIENT_CA_FILE: '--chaincode-tls-client-cacert-file',
};
const REQUIRED = ['CHAINCODE_SERVER_ADDRESS', 'CHAINCODE_ID'];
const EXIT_CONFIGURATION = 3;

await underNode24(import.meta.url, () => {
  const missing = REQUIRED.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    console.error(`tapwatt-chaincode: ${missing.join(' and ')} must be set`);
    process.exit(EXIT_CONFIGURATION);
  }
  const options = Object.entries(OPTIONS).flatMap(([name, option]) =>
    process.env[name] ? [option, process.env[name]] : [],
  );
  // Otherwise every call of the contract is worth two lines.
  process.env.CORE_CHAINCODE_LOGGING_LEVEL ??= 'warning';
  const chaincode = fileURLToPath(new URL('..', import.meta.url));
  const require = createRequire(import.meta.url);
  const server = require.resolve('fabric-shim/cli.js');
  skipSilentLines(require('fabric-shim/lib/logger.js'));
  process.argv.splice(1, Number.POSITIVE_INFINITY, server, 'server', '--module-path', chaincode, ...options);
  require(server);
});

/**
 * The shim's loggers make up several lines for every key that is read or written before they find that their level is
 * silent: a fifth of this process's own work.
 */
function skipSilentLines(logging) {
  const { getLogger } = logging;
  const skip = () => undefined;
  logging.getLogger = (name) => {
    const logger = getLogger(name);
    if (!logger.isLevelEnabled('debug')) logger.debug = skip;
    if (!logger.isLevelEnabled('info')) logger.info = skip;
    return logger;
  };
}
