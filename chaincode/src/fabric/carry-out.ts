import { canonicalJson } from '@tapwatt/firmware-contracts';
import type { TransactionContext } from '../context.ts';
import { keysAhead } from '../keys-ahead.ts';
import { authenticateOrder } from '../orders.ts';
import type { QueryName, QueryRequest } from '../protocol/queries.ts';
import type { TransactionName, TransactionRequest } from '../protocol/transactions.ts';
import { runQuery } from '../queries.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import { runTransaction } from '../transactions.ts';
import { memberOf } from './member.ts';
import { claimOnce, clientTxId, committedAs, requireNewOrder } from './once.ts';
import type { Stub } from './stub.ts';
import { StubQueryState, StubState } from './stub-state.ts';
import { founderOf, submitterOf } from './submitter.ts';
import { type Answered, ASKED_AT_ONCE, errorText } from './wire.ts';

/** The most arguments of one transaction: a request, and the client's id for it. */
const ARGUMENTS_MAX = 2;

function argumentsOf(args: readonly string[]): { readonly text: string; readonly id: string | undefined } {
  const [text, id] = args;
  if (text === undefined || args.length > ARGUMENTS_MAX) {
    throw new Rejected('BAD_REQUEST', 'One request in JSON, and at most one transaction id.');
  }
  return { text, id: clientTxId(id) };
}

function requestOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Rejected('BAD_REQUEST', 'The request is not JSON.');
  }
}

/** Carries out one transaction of the rules as the party behind the certificate; answers its result in JSON. */
export async function carryOut(stub: Stub, name: TransactionName, args: readonly string[]): Promise<string> {
  const { text, id } = argumentsOf(args);
  const request = requestOf(text);
  const state = new StubState(stub);
  const member = memberOf(stub);
  const txId = stub.getTxID();
  await state.readAhead([KEY.member(member.mspId, member.name), ...keysAhead(name, request, txId)]);
  const submitter = name === 'Genesis' ? founderOf(request, member) : await submitterOf(state, member);
  if (id !== undefined) await claimOnce(state, { partyId: submitter.partyId, id }, txId);
  return run(stub, { name, request, context: { state, submitter, txId } });
}

/** Carries out a party's signed order, whoever brings it; answers its result in JSON. */
export async function carryOutOrder(stub: Stub, args: readonly string[]): Promise<string> {
  const { text } = argumentsOf(args);
  const state = new StubState(stub);
  const { submitter, name, request, requestId, payloadHash } = await authenticateOrder(state, text);
  const order = { requestId, payloadHash };
  await requireNewOrder(state, { partyId: submitter.partyId, ...order });
  return run(stub, { name, request, context: { state, submitter, txId: stub.getTxID(), order } });
}

interface Call {
  readonly name: TransactionName;
  /** Still to be validated by its transaction. */
  readonly request: unknown;
  readonly context: TransactionContext & { readonly state: StubState };
}

async function run(stub: Stub, { name, request, context }: Call): Promise<string> {
  const { result, event } = await runTransaction(
    name,
    request as TransactionRequest<TransactionName>,
    context,
  );
  await context.state.flush();
  if (event !== undefined) stub.setEvent(event.name, Buffer.from(canonicalJson(event.payload)));
  return canonicalJson(result);
}

/** Answers one query of the rules in JSON. */
export async function answer(stub: Stub, name: QueryName, args: readonly string[]): Promise<string> {
  const request = requestOf(argumentsOf(args).text) as QueryRequest<QueryName>;
  return canonicalJson(await runQuery(name, request, new StubQueryState(stub)));
}

/** Answers many queries of the rules, each for itself, in JSON. */
export async function answerMany(stub: Stub, args: readonly string[]): Promise<string> {
  const asked = requestOf(argumentsOf(args).text);
  if (!Array.isArray(asked) || asked.length > ASKED_AT_ONCE) {
    throw new Rejected('BAD_REQUEST', `At most ${ASKED_AT_ONCE} queries, [name, request] each.`);
  }
  const state = new StubQueryState(stub);
  return canonicalJson(await Promise.all(asked.map((one) => answerOne(one, state))));
}

async function answerOne(asked: unknown, state: StubQueryState): Promise<Answered> {
  const [name, request] = Array.isArray(asked) ? asked : [];
  try {
    return { result: await runQuery(name as QueryName, request, state) };
  } catch (error) {
    return { error: errorText(error) };
  }
}

/** The Fabric transaction that carried out the caller's transaction of this id, or `null`, in JSON. */
export async function findTransaction(stub: Stub, args: readonly string[]): Promise<string> {
  const id = clientTxId(args[0]);
  if (id === undefined) throw new Rejected('BAD_REQUEST', 'A transaction id is missing.');
  const state = new StubState(stub);
  const { partyId } = await submitterOf(state, memberOf(stub));
  return canonicalJson((await committedAs(state, { partyId, id })) ?? null);
}
