import { common, gateway as gatewayProtos, peer as peerProtos } from '@hyperledger/fabric-protos';

/** The result that a committed transaction had, as text; `undefined` if Fabric ordered it but did not let it count. */
export function resultOf(processed: Uint8Array): string | undefined {
  const transaction = peerProtos.ProcessedTransaction.deserializeBinary(processed);
  if (transaction.getValidationcode() !== peerProtos.TxValidationCode.VALID) return undefined;
  const payload = common.Payload.deserializeBinary(
    transaction.getTransactionenvelope()?.getPayload_asU8() ?? new Uint8Array(),
  );
  const [action] = peerProtos.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const endorsed = peerProtos.ChaincodeActionPayload.deserializeBinary(
    action?.getPayload_asU8() ?? new Uint8Array(),
  ).getAction();
  const response = peerProtos.ProposalResponsePayload.deserializeBinary(
    endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  );
  const done = peerProtos.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  return Buffer.from(done.getResponse()?.getPayload_asU8() ?? new Uint8Array()).toString('utf8');
}

/** A request for the commit status of a transaction that this process did not submit, still to be signed. */
export function commitRequest(of: {
  readonly channel: string;
  readonly txId: string;
  readonly identity: Uint8Array;
}): Uint8Array {
  const request = new gatewayProtos.CommitStatusRequest();
  request.setChannelId(of.channel);
  request.setTransactionId(of.txId);
  request.setIdentity(of.identity);
  const signed = new gatewayProtos.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return signed.serializeBinary();
}

/** The newest block of a channel. */
export interface ChainHead {
  readonly number: number;
  /** Of the block's header, lower-case hex. */
  readonly hash: string;
}

/** From what a peer says of its chain. */
export function headOf(chainInfo: Uint8Array): ChainHead {
  const info = common.BlockchainInfo.deserializeBinary(chainInfo);
  return {
    number: info.getHeight() - 1,
    hash: Buffer.from(info.getCurrentblockhash_asU8()).toString('hex'),
  };
}
