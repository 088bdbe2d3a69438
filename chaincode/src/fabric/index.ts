import { TapwattContract } from './contract.ts';
import { hearOffers } from './many-keys.ts';

hearOffers();

/** What `fabric-chaincode-node` serves: it reads this name of the package's main module. */
export const contracts = [TapwattContract];
