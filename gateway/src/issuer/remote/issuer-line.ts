import { messageOf, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import { createBatcher } from '../../ledger/batching.ts';
import type { Exchange } from './exchange.ts';
import { MAX_EXCHANGES } from './exchange.ts';
import { ANSWER_SCHEMAS, type Answer, type AnswerOf, MAX_QUESTIONS, type Question } from './protocol.ts';

const LIMITS = { maxItems: MAX_QUESTIONS, maxQueued: 8_192, maxInFlight: MAX_EXCHANGES, lingerMs: 0 };
/** After a failure nothing is asked for so long, ms: whoever comes is told at once. */
export const REST_MS = 250;

/** How the issuer was when it was last asked. */
export interface IssuerView {
  readonly state: 'reached' | 'away' | 'not-asked';
  /** Why it is away. */
  readonly message?: string;
}

/** The questions of one gateway on their way to the issuer, many in one request. */
export interface IssuerLine {
  /** Throws the issuer's refusal; ISSUER_UNAVAILABLE, BUSY. */
  ask<Q extends Question>(question: Q): Promise<AnswerOf<Q['ask']>>;
  /** Asks nothing, to see whether it is there. Never throws. */
  greet(): Promise<void>;
  view(): IssuerView;
}

export function createIssuerLine(ports: {
  readonly exchange: Pick<Exchange, 'ask'>;
  readonly clock: Clock;
  /** Told when the issuer goes away, and when it is back. */
  readonly onChange?: (view: IssuerView) => void;
}): IssuerLine {
  const { exchange, clock } = ports;
  let view: IssuerView = { state: 'not-asked' };
  let restUntilMs = 0;

  function become(next: IssuerView): void {
    const isNews = next.state !== view.state;
    view = next;
    if (isNews) ports.onChange?.(view);
  }

  async function exchanged(questions: readonly Question[]): Promise<readonly Answer[]> {
    if (clock.monotonicMs() < restUntilMs) throw resting(view);
    try {
      const answers = await exchange.ask(questions);
      restUntilMs = 0;
      become({ state: 'reached' });
      return answers;
    } catch (error) {
      restUntilMs = clock.monotonicMs() + REST_MS;
      const isThere = error instanceof TapwattError && error.code === 'BUSY';
      become(isThere ? { state: 'reached' } : { state: 'away', message: messageOf(error) });
      throw error;
    }
  }

  const batcher = createBatcher<Question, Answer>(LIMITS, clock, exchanged);

  return {
    async ask(question) {
      const answer = await batcher.add(question);
      if (!answer.ok) throw new TapwattError(answer.code, answer.message);
      const parsed = ANSWER_SCHEMAS[question.ask].safeParse(answer.answer);
      if (parsed.success) return parsed.data as never;
      throw new TapwattError('ISSUER_UNAVAILABLE', 'The issuer’s answer cannot be read.');
    },
    async greet() {
      await exchanged([]).catch(() => undefined);
    },
    view: () => view,
  };
}

const resting = ({ state, message }: IssuerView): TapwattError =>
  new TapwattError(state === 'reached' ? 'BUSY' : 'ISSUER_UNAVAILABLE', message);
