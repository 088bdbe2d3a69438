import { assembleBroker, type Broker, type BrokerOptions } from './broker.ts';
import { ALL_CURES } from './cures.ts';

/** A broker that listens to nothing yet: call `listen` or `attachStream`. */
export const createBroker = (options: BrokerOptions): Promise<Broker> => assembleBroker(options, ALL_CURES);
