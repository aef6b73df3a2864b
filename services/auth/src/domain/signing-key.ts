import { MAX_ACCESS_TOKEN_SECONDS } from '@strongroom/contracts/session-events';

/** `EdDSA` signs access tokens; ID tokens are signed by either, as their application wants it. */
export const SIGNING_ALGORITHMS = ['EdDSA', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** What anybody may know of a key. It is shown from the start, signs from `activeFrom`, is shown until `retiredAt`. */
export interface SigningKey {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  /** A public JWK (RFC 7517). */
  readonly publicKey: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly activeFrom: Date;
  readonly retiredAt: Date | null;
}

/** Verifiers keep a key set for up to ten minutes (jose's default): who comes after that knows the next key. */
export const PREPUBLISH_SECONDS = 900;
/** How long others may keep the answer with the key set; well below what the next key is shown ahead. */
export const KEY_SET_MAX_AGE_SECONDS = 240;
/** How far the clocks of replicas may differ. */
export const CLOCK_MARGIN_SECONDS = 60;

export const later = (time: Date, seconds: number): Date => new Date(time.getTime() + seconds * 1000);

/** Until when a key must be shown whose successor signs from `successorActiveFrom`: until its last token has expired. */
export const retirement = (successorActiveFrom: Date): Date =>
  later(successorActiveFrom, MAX_ACCESS_TOKEN_SECONDS + CLOCK_MARGIN_SECONDS);

export const isShown = ({ retiredAt }: Pick<SigningKey, 'retiredAt'>, now: Date): boolean =>
  retiredAt === null || retiredAt > now;

type Choosable = Pick<SigningKey, 'algorithm' | 'activeFrom'>;

/**
 * The newest key of the algorithm that is active. A replica whose clock is behind may find none yet: then the
 * first that will be.
 */
export function signingKeyAt<T extends Choosable>(
  keys: readonly T[],
  algorithm: SigningAlgorithm,
  now: Date,
): T | undefined {
  const own = keys
    .filter(key => key.algorithm === algorithm)
    .sort((one, other) => one.activeFrom.getTime() - other.activeFrom.getTime());
  return own.findLast(key => key.activeFrom <= now) ?? own[0];
}

/** Algorithms without a key that waits to become active: those for which a new one may be made. */
export const rotatable = (keys: readonly Choosable[], now: Date): SigningAlgorithm[] =>
  SIGNING_ALGORITHMS.filter(
    algorithm => !keys.some(key => key.algorithm === algorithm && key.activeFrom > now),
  );

/** Those of `rotatable` whose newest key is `days` old. */
export const due = (keys: readonly Choosable[], now: Date, days: number): SigningAlgorithm[] =>
  rotatable(keys, now).filter(algorithm => {
    const newest = signingKeyAt(keys, algorithm, now);
    return newest !== undefined && later(newest.activeFrom, days * 86_400) <= now;
  });
