import { createHash } from 'node:crypto';
import { deriveKey } from '@strongroom/crypto/derive-key';
import { createMac, sameMac } from '@strongroom/crypto/mac';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import {
  batchText,
  headText,
  instantText,
  rowText,
  type BatchContent,
  type HeadContent,
  type RowContent,
} from './canonical.ts';
import type { TrailRecord } from './trail.ts';
import { searchableWords } from './trail-search.ts';

/** The MACs of the chain, under the audit key. */
export interface Chain {
  /** Names the audit key without telling anything of it. */
  readonly keyId: string;
  readonly rowMac: (row: RowContent) => Buffer;
  readonly batchMac: (batch: BatchContent) => Buffer;
  readonly headMac: (head: HeadContent) => Buffer;
}

export function createChain(auditKey: SecretBytes): Chain {
  const mac = createMac(deriveKey(auditKey, 'strongroom audit chain mac'));
  return {
    keyId: deriveKey(auditKey, 'strongroom audit chain key id', 8).reveal().toString('hex'),
    rowMac: row => mac(rowText(row)),
    batchMac: batch => mac(batchText(batch)),
    headMac: head => mac(headText(head)),
  };
}

/** A row, a batch or the head as the database holds it. */
export type Sealed<T> = T & { readonly mac: Uint8Array };

/** What the first batch names as the one before, and the first after a head that somebody altered. */
export const NO_BATCH: Uint8Array = Buffer.alloc(32);

/** Where a chain stands that has no batch yet. */
export const EMPTY_HEAD: HeadContent = {
  number: 0,
  position: 0,
  recordedAt: instantText(new Date(0)),
  batchMac: NO_BATCH,
};

export const isAuthentic = (chain: Chain, head: Sealed<HeadContent>): boolean =>
  sameMac(head.mac, chain.headMac(head));

export const digestOf = (macs: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const mac of macs) hash.update(mac);
  return hash.digest();
};

export interface Extension {
  readonly rows: readonly Sealed<RowContent>[];
  readonly batch: Sealed<BatchContent>;
  readonly head: Sealed<HeadContent>;
}

/**
 * The batch that takes these records into the chain after `head`. Positions follow without a gap, and the time of
 * recording never goes back, whatever the clocks of the replicas say: the time of a batch so bounds its positions.
 */
export function extendChain(
  chain: Chain,
  head: HeadContent,
  records: readonly TrailRecord[],
  now: Date,
): Extension {
  const recordedAt = later(head.recordedAt, instantText(now));
  const rows = records.map((record, index) => {
    const row = {
      position: head.position + 1 + index,
      recordedAt,
      id: record.id,
      created: instantText(record.created),
      service: record.service,
      code: record.code,
      name: record.name,
      message: record.message,
      words: searchableWords(record),
    };
    return { ...row, mac: chain.rowMac(row) };
  });
  const batch = {
    number: head.number + 1,
    firstPosition: head.position + 1,
    recordCount: rows.length,
    recordedAt,
    keyId: chain.keyId,
    previousMac: head.batchMac,
    rowsDigest: digestOf(rows.map(row => row.mac)),
  };
  const batchMac = chain.batchMac(batch);
  const next = { number: batch.number, position: head.position + rows.length, recordedAt, batchMac };
  return { rows, batch: { ...batch, mac: batchMac }, head: { ...next, mac: chain.headMac(next) } };
}

const later = (one: string, other: string): string => (Number(one) > Number(other) ? one : other);
