import { invalidField } from '@strongroom/errors/common-errors';
import type { HostPrincipal } from './host.ts';

/** What a stored passphrase looks like from outside. Sent back, it means the one that is stored. */
export const MASK = '********';

export interface Settled {
  /** As they are kept in clear: with the mask in place of each passphrase. */
  readonly principals: readonly HostPrincipal[];
  /** In the order of the principals; empty text: none. */
  readonly passphrases: readonly string[];
}

/**
 * Takes the passphrases out of the principals. A mask stands for that of the principal of the same name before the
 * change; of several that share a name, the first for the first.
 */
export function settlePassphrases(principals: readonly HostPrincipal[], before?: Settled): Settled {
  const known = new Map(before?.principals.map((_, index) => [keyOf(before.principals, index), index]));
  const passphrases = principals.map(({ passphrase = '' }, index) => {
    if (passphrase !== MASK) return passphrase;
    const stored = before?.passphrases[known.get(keyOf(principals, index)) ?? -1] ?? '';
    if (stored !== '') return stored;
    throw invalidField(
      `principals.${index}.passphrase`,
      'The mask stands for a passphrase that is stored, and this principal has none',
      'VALUE_INCORRECT_FORMAT',
    );
  });
  return {
    principals: principals.map((principal, index) => masked(principal, passphrases[index])),
    passphrases,
  };
}

const masked = (principal: HostPrincipal, passphrase = ''): HostPrincipal =>
  principal.passphrase === undefined
    ? principal
    : { ...principal, passphrase: passphrase === '' ? '' : MASK };

function keyOf(principals: readonly HostPrincipal[], index: number): string {
  const name = principals[index]?.principal ?? '';
  const earlier = principals.slice(0, index).filter(({ principal = '' }) => principal === name);
  return `${earlier.length} ${name}`;
}
