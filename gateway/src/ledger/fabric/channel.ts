import {
  type Status,
  StatusCode,
  type SubmittedTransaction,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { msp } from '@hyperledger/fabric-protos';
import { type Clock, pause } from '../../edges/edges.ts';
import { LedgerUnavailable, OutcomeUnknown } from '../errors.ts';
import { type ChainHead, commitRequest, headOf, resultOf } from './committed-transaction.ts';
import type { Peer, Peers } from './peers.ts';
import { asNothingHappened, isDisagreement, isForAnotherPeer, wasRefusedAtTheDoor } from './stage-errors.ts';

/** A function of the contract with its arguments. */
export interface Invocation {
  readonly name: string;
  readonly args: readonly string[];
}

/** A transaction in a block. */
export interface CommittedInBlock {
  /** Fabric's own id of it. */
  readonly fabricTxId: string;
  readonly blockNumber: number;
  readonly result: string;
}

/** `overtaken`: something that it had read was changed before it was ordered; it did nothing, and may be endorsed again. */
export type Attempt = CommittedInBlock | 'overtaken';

/** Fabric's own contract for what a peer stores. */
const QUERY_CONTRACT = 'qscc';
/** Who does not tell its newest block by then is not waited for. */
const HEAD_MS = 1_000;
const CATCH_UP_POLL_MS = 20;
const NEVER = new AbortController().signal;
const OVERTAKEN: ReadonlySet<number> = new Set([
  StatusCode.MVCC_READ_CONFLICT,
  StatusCode.PHANTOM_READ_CONFLICT,
]);

export interface ChannelParts {
  readonly peers: Peers;
  readonly channel: string;
  readonly chaincode: string;
  readonly clock: Clock;
  /** How long peers may take to become level, ms. */
  readonly catchUpMs: number;
}

/** A channel of a Fabric network: the stages of a transaction, each with what its failure means. */
export class FabricChannel {
  readonly #parts: ChannelParts;

  constructor(parts: ChannelParts) {
    this.#parts = parts;
  }

  /** Asks our contract, or another one. Throws the client's errors. */
  evaluate({ name, args }: Invocation, chaincode = this.#parts.chaincode): Promise<Uint8Array> {
    return this.#parts.peers.reach(
      ({ gateway }) =>
        gateway
          .getNetwork(this.#parts.channel)
          .getContract(chaincode)
          .evaluate(name, { arguments: [...args] }),
      isForAnotherPeer,
    );
  }

  /** Endorses, orders and waits for the block. Throws the three errors of the port; the unknown one with Fabric's id. */
  async attempt(invocation: Invocation): Promise<Attempt> {
    const endorsed = await this.#endorse(invocation);
    if (endorsed === 'overtaken') return endorsed;
    const submitted = await order(endorsed);
    const { code, blockNumber, successful } = await this.#statusOf(submitted);
    if (successful) {
      const result = Buffer.from(submitted.getResult()).toString('utf8');
      return { fabricTxId: submitted.getTransactionId(), blockNumber: Number(blockNumber), result };
    }
    if (OVERTAKEN.has(code)) return 'overtaken';
    throw new LedgerUnavailable(`The peers refused the transaction: validation code ${code}.`);
  }

  /** The block of a transaction that is in one. */
  async blockOf(fabricTxId: string): Promise<number> {
    const { blockNumber } = await this.#parts.peers.reach((peer) => {
      const request = commitRequest({
        channel: this.#parts.channel,
        txId: fabricTxId,
        identity: identityOf(peer),
      });
      return peer.gateway.newCommit(request).getStatus();
    });
    return Number(blockNumber);
  }

  /** The newest block. Throws the client's errors. */
  head(): Promise<ChainHead> {
    return this.#parts.peers.reach((peer) => this.#headOf(peer), isForAnotherPeer);
  }

  /** Waits until the peers that are reached are as far as the farthest is now; false if nobody else can be asked, or it takes too long. */
  async catchUp(): Promise<boolean> {
    const { peers, clock, catchUpMs } = this.#parts;
    if (peers.count < 2) return false;
    const heads = () => peers.all(async (peer) => (await this.#headOf(peer)).number, HEAD_MS);
    const newest = Math.max(...(await heads()));
    const until = clock.monotonicMs() + catchUpMs;
    while ((await heads()).some((number) => number < newest)) {
      if (clock.monotonicMs() > until) return false;
      await pause(clock, CATCH_UP_POLL_MS, NEVER);
    }
    return true;
  }

  async #headOf({ gateway }: Peer): Promise<ChainHead> {
    const { channel } = this.#parts;
    const contract = gateway.getNetwork(channel).getContract(QUERY_CONTRACT);
    return headOf(await contract.evaluateTransaction('GetChainInfo', channel));
  }

  /** The result of a transaction in the ledger. Throws the client's errors. */
  async resultOf(fabricTxId: string): Promise<string | undefined> {
    const { channel } = this.#parts;
    const invocation = { name: 'GetTransactionByID', args: [channel, fabricTxId] };
    return resultOf(await this.evaluate(invocation, QUERY_CONTRACT));
  }

  /** Events of our contract from a block on, or of the blocks that follow, until `close` of what it answers. */
  events(startBlock: number | 'now') {
    const { peers, channel, chaincode } = this.#parts;
    const from = startBlock === 'now' ? {} : { startBlock: BigInt(startBlock) };
    return peers.first.gateway.getNetwork(channel).getChaincodeEvents(chaincode, from);
  }

  close(): void {
    this.#parts.peers.close();
  }

  async #endorse({ name, args }: Invocation): Promise<Transaction | 'overtaken'> {
    const { peers, channel, chaincode } = this.#parts;
    try {
      return await peers.reach(
        ({ gateway }) =>
          gateway
            .getNetwork(channel)
            .getContract(chaincode)
            .newProposal(name, { arguments: [...args] })
            .endorse(),
        isForAnotherPeer,
      );
    } catch (error) {
      if (isDisagreement(error)) return 'overtaken';
      throw error;
    }
  }

  /** Whichever peer is reached knows whether it counts. */
  async #statusOf(submitted: SubmittedTransaction): Promise<Status> {
    try {
      return await this.#parts.peers.reach(({ gateway }) =>
        gateway.newCommit(submitted.getBytes()).getStatus(),
      );
    } catch (error) {
      throw new OutcomeUnknown(submitted.getTransactionId(), { cause: error });
    }
  }
}

/** That it was submitted says little: an orderer that dies at once takes it along. That it failed says less. */
async function order(endorsed: Transaction): Promise<SubmittedTransaction> {
  try {
    return await endorsed.submit();
  } catch (error) {
    if (wasRefusedAtTheDoor(error)) throw asNothingHappened(error);
    throw new OutcomeUnknown(endorsed.getTransactionId(), { cause: error });
  }
}

function identityOf({ gateway }: Peer): Uint8Array {
  const { mspId, credentials } = gateway.getIdentity();
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(credentials);
  return identity.serializeBinary();
}
