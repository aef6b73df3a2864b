import type { Stamps } from './stamps.ts';

/** A directory of people or hosts (contract 4.3). `document` is what clients sent and want back unchanged. */
export interface Source extends Stamps {
  readonly id: string;
  readonly name: string;
  /** The one whose people sign in here: it was there from the start, and stays. */
  readonly isLocal: boolean;
  readonly isEnabled: boolean;
  readonly document: Readonly<Record<string, unknown>>;
  /** How to reach the directory, with its passwords; null for local users. */
  readonly sealedConnection: Buffer | null;
}

export type Connection = Readonly<Record<string, unknown>>;

export const LOCAL_CONNECTION: Connection = { type: 'LOCAL' };

/** Certificates and key files fit; what a reading of all sources costs stays bounded. */
const MAX_CONNECTION_LENGTH = 65_536;
const MAX_CONNECTION_DEPTH = 8;

/** The members of a connection are the client's own, so only their bulk is checked. */
export const isBoundedConnection = (connection: Connection): boolean =>
  JSON.stringify(connection).length <= MAX_CONNECTION_LENGTH && depthOf(connection) <= MAX_CONNECTION_DEPTH;

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

export interface SourceStatus {
  readonly code: 'OK' | 'DISABLED' | 'NOT_ACTIVE';
  readonly text: string;
}

export function sourceStatus(source: Pick<Source, 'isLocal' | 'isEnabled'>): SourceStatus {
  if (!source.isEnabled) return { code: 'DISABLED', text: 'This source is disabled' };
  if (source.isLocal) return { code: 'OK', text: 'People of this source sign in here' };
  return {
    code: 'NOT_ACTIVE',
    text: 'Kept, but not contacted: this server does not import from sources of this type',
  };
}
