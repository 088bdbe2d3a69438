import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tar } from './tar.ts';

/** How a peer reaches a chaincode process, as the peer reads it: PEM texts, not paths. */
export interface ChaincodeConnection {
  /** `host:port`. */
  readonly address: string;
  /** Of the authority that signed the chaincode's TLS certificate. */
  readonly rootCertificate: string;
  /** What the peer shows the chaincode process, so that nobody else can speak to it. */
  readonly clientCertificate: string;
  readonly clientKey: string;
}

export interface ChaincodePackage {
  readonly bytes: Uint8Array;
  /** What a peer will call it, and what the chaincode process must be told. */
  readonly id: string;
}

const DIAL_TIMEOUT = '10s';

/** The package that one organisation installs on its peer; each has its own, since each names its own process. */
export function packageChaincode(label: string, connection: ChaincodeConnection): ChaincodePackage {
  const code = gzipped('connection.json', {
    address: connection.address,
    dial_timeout: DIAL_TIMEOUT,
    tls_required: true,
    client_auth_required: true,
    root_cert: connection.rootCertificate,
    client_cert: connection.clientCertificate,
    client_key: connection.clientKey,
  });
  const metadata = Buffer.from(JSON.stringify({ type: 'ccaas', label }));
  const bytes = gzipSync(
    tar([
      { name: 'metadata.json', bytes: metadata },
      { name: 'code.tar.gz', bytes: code },
    ]),
  );
  return { bytes, id: `${label}:${createHash('sha256').update(bytes).digest('hex')}` };
}

const gzipped = (name: string, value: unknown): Uint8Array =>
  gzipSync(tar([{ name, bytes: Buffer.from(JSON.stringify(value)) }]));
