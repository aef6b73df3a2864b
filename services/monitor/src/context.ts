import type { Foundations } from '@strongroom/service/foundations';
import type { Chain } from './domain/chain.ts';
import type { Statements } from './domain/statements.ts';

/** What monitor's operations may use. An operation names the slice that it needs. */
export interface MonitorContext extends Foundations {
  /** The MACs of the trail, under the audit key. */
  readonly chain: Chain;
  /** Signs and checks what is said of the trail, under another key of the same origin. */
  readonly statements: Statements;
  /** Counts the records of a batch that was chained. */
  readonly observeBatch: (records: number) => void;
}
