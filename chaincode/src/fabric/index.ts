import { TapwattContract } from './contract.ts';

/** What `fabric-chaincode-node` serves: it reads this name of the package's main module. */
export const contracts = [TapwattContract];
