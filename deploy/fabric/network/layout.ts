import { join } from 'node:path';
import { ORDERER_ORGANISATION, type OrganisationName, organisationOf, type Party } from './organisations.ts';

/** An identity as Fabric's programs read it: a folder with the certificate, the key and the authorities. */
export interface TlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const tlsFiles = (folder: string, name: 'server' | 'client'): TlsFiles => ({
  ca: join(folder, 'tls', 'ca.crt'),
  certificate: join(folder, 'tls', `${name}.crt`),
  key: join(folder, 'tls', `${name}.key`),
});

const ENTRIES: readonly string[] = [
  ...['plan.json', 'network.json', 'founded', 'processes.json', 'processes.json.new', 'lock'],
  ...['crypto', 'crypto-config.yaml', 'configtx.yaml', 'genesis.block', 'logs', 'nodes', 'packages'],
  'peer-configuration',
];

/** Where everything of a network lies in its directory. */
export class Layout {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** What is where; written last, so that a directory with it has all the material. */
  readonly planFile = (): string => join(this.directory, 'plan.json');
  /** There when the channel has its members and its chaincode. */
  readonly foundedFile = (): string => join(this.directory, 'founded');
  /** For clients. */
  readonly networkFile = (): string => join(this.directory, 'network.json');
  readonly processesFile = (): string => join(this.directory, 'processes.json');
  readonly lockFile = (): string => join(this.directory, 'lock');
  readonly peerConfiguration = (): string => join(this.directory, 'peer-configuration');
  readonly crypto = (): string => join(this.directory, 'crypto');
  readonly cryptoConfig = (): string => join(this.directory, 'crypto-config.yaml');
  readonly channelConfig = (): string => join(this.directory, 'configtx.yaml');
  /** The TLS authorities of all organisations. A peer learns them from the channel too, but only after it has joined. */
  readonly tlsRoots = (): string => join(this.directory, 'crypto', 'tls-roots.pem');
  readonly genesisBlock = (): string => join(this.directory, 'genesis.block');
  readonly log = (process: string): string => join(this.directory, 'logs', `${process}.log`);
  readonly data = (process: string): string => join(this.directory, 'nodes', process);
  readonly package = (name: OrganisationName): string => join(this.directory, 'packages', `${name}.tar.gz`);
  readonly packageId = (name: OrganisationName): string => join(this.directory, 'packages', `${name}.id`);

  /** All that a network writes at the top of its directory. */
  readonly entries = (): readonly string[] => ENTRIES.map((name) => join(this.directory, name));
  readonly isOurs = (name: string): boolean => ENTRIES.includes(name) || name.startsWith('lock.');

  readonly organisationMsp = (name: OrganisationName): string => join(this.#organisation(name), 'msp');
  readonly peer = (name: OrganisationName): string => this.#node(name, 'peer');
  readonly peerTls = (name: OrganisationName): TlsFiles => tlsFiles(this.peer(name), 'server');
  readonly chaincode = (name: OrganisationName): string => this.#node(name, 'chaincode');
  readonly chaincodeTls = (name: OrganisationName): TlsFiles => tlsFiles(this.chaincode(name), 'server');
  readonly adminMsp = (name: OrganisationName): string =>
    join(this.#organisation(name), 'users', `Admin@${organisationOf(name).domain}`, 'msp');

  /** Certificate and key of a party's client. */
  identity({ organisation, user }: Party): { readonly certificate: string; readonly key: string } {
    const name = `User${user}@${organisationOf(organisation).domain}`;
    const msp = join(this.#organisation(organisation), 'users', name, 'msp');
    return {
      certificate: join(msp, 'signcerts', `${name}-cert.pem`),
      key: join(msp, 'keystore', 'priv_sk'),
    };
  }

  readonly ordererOrganisation = (): string =>
    join(this.crypto(), 'ordererOrganizations', ORDERER_ORGANISATION.domain);
  readonly orderer = (name: string): string =>
    join(this.ordererOrganisation(), 'orderers', `${name}.${ORDERER_ORGANISATION.domain}`);
  readonly ordererTls = (name: string): TlsFiles => tlsFiles(this.orderer(name), 'server');
  readonly ordererAdminTls = (): TlsFiles =>
    tlsFiles(join(this.ordererOrganisation(), 'users', `Admin@${ORDERER_ORGANISATION.domain}`), 'client');

  #organisation(name: OrganisationName): string {
    return join(this.crypto(), 'peerOrganizations', organisationOf(name).domain);
  }

  #node(name: OrganisationName, node: 'peer' | 'chaincode'): string {
    return join(this.#organisation(name), 'peers', `${node}.${organisationOf(name).domain}`);
  }
}
