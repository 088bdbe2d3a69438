export type OrganisationName = 'discom' | 'bank' | 'agency';

/** An organisation of the network: it runs a peer and a chaincode process of its own, and endorses with them. */
export interface Organisation {
  readonly name: OrganisationName;
  readonly mspId: string;
  readonly domain: string;
  /** How many client certificates it gets, User1, User2, …: the tool that makes them cannot name them otherwise. */
  readonly users: number;
}

export const ORGANISATIONS: readonly Organisation[] = [
  { name: 'discom', mspId: 'DiscomMSP', domain: 'discom.tapwatt.example', users: 4 },
  { name: 'bank', mspId: 'BankMSP', domain: 'bank.tapwatt.example', users: 1 },
  { name: 'agency', mspId: 'AgencyMSP', domain: 'agency.tapwatt.example', users: 1 },
];

/** Runs the orderers and endorses nothing. */
export const ORDERER_ORGANISATION = { mspId: 'OrdererMSP', domain: 'orderer.tapwatt.example' } as const;

/** Who speaks with which certificate: the ledger registers a party with MSP and common name. */
export interface Party {
  readonly id: string;
  readonly role: 'discom' | 'bank' | 'agency' | 'gateway' | 'issuer';
  readonly organisation: OrganisationName;
  readonly user: number;
}

export const PARTIES: readonly Party[] = [
  { id: 'discom', role: 'discom', organisation: 'discom', user: 1 },
  { id: 'gateway', role: 'gateway', organisation: 'discom', user: 2 },
  { id: 'gateway-2', role: 'gateway', organisation: 'discom', user: 3 },
  { id: 'issuer', role: 'issuer', organisation: 'discom', user: 4 },
  { id: 'bank', role: 'bank', organisation: 'bank', user: 1 },
  { id: 'agency', role: 'agency', organisation: 'agency', user: 1 },
];

/** Two of the three organisations must have come to the same result: no single one can mint. */
export const ENDORSEMENT_POLICY = `OutOf(2, ${ORGANISATIONS.map(({ mspId }) => `'${mspId}.peer'`).join(', ')})`;

export function organisationOf(name: OrganisationName): Organisation {
  const organisation = ORGANISATIONS.find((one) => one.name === name);
  if (organisation === undefined) throw new Error(`no organisation ${name}`);
  return organisation;
}
