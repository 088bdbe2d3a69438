const FORGED = 'forged-';

/** The id of a request that only a liar makes. */
export const forgedName = (number: number): string => `${FORGED}${number}`;

export const isForged = (requestId: string): boolean => requestId.startsWith(FORGED);
