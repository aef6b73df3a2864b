import { sameMac } from '@strongroom/crypto/mac';
import type { RowContent } from './canonical.ts';
import type { Chain, Sealed } from './chain.ts';
import type { Fault } from './fault.ts';

/**
 * Tells of altered rows which ones are another's: their content is true at the place of another fault, by the MAC that
 * came along with it or by the one that stayed there.
 */
export function findMoved(
  chain: Chain,
  faults: readonly Fault[],
  suspects: readonly Sealed<RowContent>[],
): readonly Fault[] {
  const rows = new Map(suspects.map(row => [row.position, row]));
  const places = faults
    .filter(({ kind }) => kind === 'altered' || kind === 'removed')
    .map(fault => fault.position);

  const isOf = (row: Sealed<RowContent>, position: number): boolean => {
    const there = rows.get(position);
    return [row.recordedAt, there?.recordedAt ?? row.recordedAt].some(recordedAt => {
      const mac = chain.rowMac({ ...row, position, recordedAt });
      return sameMac(mac, row.mac) || (there !== undefined && sameMac(mac, there.mac));
    });
  };

  return faults.map(fault => {
    const row = fault.kind === 'altered' ? rows.get(fault.position) : undefined;
    const isMoved =
      row !== undefined && places.some(position => position !== row.position && isOf(row, position));
    return isMoved ? { ...fault, kind: 'moved' } : fault;
  });
}
